package dev.fusedit.torch.javacpp;

import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.LibtorchUnavailable;
import dev.fusedit.torch.presets.MemoryGuard;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// JavaCPP's JNI library of libtorch, loaded when this package first needs it, over the libtorch that the process holds already.
final class TorchJni {
    private static boolean loaded;
    private static @Nullable LibtorchUnavailable failure;

    private TorchJni() {}

    /// @throws LibtorchUnavailable on a libtorch that is not the presets', or without the presets' natives; the same at every later call
    static synchronized void load() {
        if (loaded) {
            return;
        }
        if (failure != null) {
            throw new LibtorchUnavailable(failure.getMessage(), failure);
        }
        try {
            var info = Libtorch.load();
            if (!info.source().equals("presets")) {
                throw new LibtorchUnavailable(
                        ("JavaCPP's classes of PyTorch work with the presets' libtorch only, and this process holds libtorch %s"
                                + " from %s: unset FUSEDIT_LIBTORCH (or --libtorch) to use them.").formatted(info.version(), info.path()));
            }
            MemoryGuard.off();
            quietly(openblas_nolapack.class);
            Loader.load(torch.class);
            loaded = true;
        } catch (LibtorchUnavailable e) {
            failure = e;
            throw e;
        } catch (LinkageError e) {
            failure = new LibtorchUnavailable("JavaCPP's library of PyTorch cannot be loaded: " + e.getMessage(), e);
            throw failure;
        }
    }

    /// OpenBLAS's preset is pinned to a release that works with this libtorch, and says on standard error that its number is not
    /// JavaCPP's, unless JavaCPP believes that libraries are not to be loaded.
    private static void quietly(Class<?> preset) {
        var property = "org.bytedeco.javacpp.loadLibraries";
        var before = System.getProperty(property);
        System.setProperty(property, "false");
        try {
            Class.forName(preset.getName(), true, preset.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new NoClassDefFoundError(e.getMessage());
        } finally {
            if (before == null) {
                System.clearProperty(property);
            } else {
                System.setProperty(property, before);
            }
        }
    }
}
