package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkState;

import java.util.function.Supplier;

/// Java's looks at the numbers behind tensors: `item`, copies to arrays, data addresses. On a GPU each of them waits until all that was queued
/// before has been computed, so that nothing is queued meanwhile. A step of training or sampling has none, and this is how that is shown
/// without a GPU: while they are forbidden, each throws by its name, on the CPU too.
///
///     try (var _ = HostReads.forbidden()) {
///         step();
///     }
///
/// The one-pass kernels ([dev.fusedit.torch.fused.Fused]) go over memory, as they never do on a GPU; they do not serve meanwhile. A copy from a
/// GPU to the CPU cannot be told from one that stays on the CPU.
///
/// For the whole process, one at a time.
public final class HostReads implements AutoCloseable {
    private static volatile boolean forbidden;
    private static final ThreadLocal<Boolean> FREE = ThreadLocal.withInitial(() -> false);

    private HostReads() {}

    /// From here until it is closed.
    public static HostReads forbidden() {
        checkState(!forbidden, "reads are forbidden already");
        forbidden = true;
        return new HostReads();
    }

    public static boolean areForbidden() { return forbidden; }

    /// Something on tensors that lie in the CPU's memory wherever the model is, such as draws of a seed: it waits for no GPU.
    public static <T> T ofHost(Supplier<T> body) {
        boolean before = FREE.get();
        FREE.set(true);
        try {
            return body.get();
        } finally {
            FREE.set(before);
        }
    }

    static void check(String what) {
        if (forbidden && !FREE.get())
            throw new IllegalStateException(
                    what + " lets Java read a tensor's numbers: on a GPU it would wait here for all that is queued");
    }

    @Override
    public void close() { forbidden = false; }
}
