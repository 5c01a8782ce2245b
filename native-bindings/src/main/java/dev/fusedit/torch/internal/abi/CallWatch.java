package dev.fusedit.torch.internal.abi;

import org.jspecify.annotations.Nullable;

/// Is told of each op that has been called, on its thread.
public abstract class CallWatch {
    private static @Nullable CallWatch looking;

    /// Tells it from now on; null ends it. For the one thread that runs torch then, or for who can bear several.
    public static void look(@Nullable CallWatch watch) { looking = watch; }

    public static boolean isLooking() { return looking != null; }

    static @Nullable CallWatch looking() { return looking; }

    /// @param call as its caller left it
    abstract void called(Frame call, long nanos);
}
