package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.internal.abi.TorchState;
import dev.fusedit.torch.internal.load.LoadedLibrary;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The one libtorch of this process.
///
/// It is looked for in this order: the folder given to [#load(Path)], the property `fusedit.libtorch`, the variable
/// `FUSEDIT_LIBTORCH`, the Bytedeco presets on the class path. A folder is another build of a supported version, such as
/// a PyTorch wheel's `torch/lib`.
public final class Libtorch {
    private Libtorch() {}

    /// Opens libtorch unless it is open. Tensors do this by themselves; call it to have the failure early.
    ///
    /// @throws LibtorchUnavailable if there is none that fits, with the same message at every later call
    public static LibtorchInfo load() { return LoadedLibrary.current().info(); }

    /// Opens the libtorch in a folder, or the default one for null.
    ///
    /// @throws LibtorchUnavailable as [#load()]
    /// @throws IllegalStateException if another libtorch is open already
    public static LibtorchInfo load(@Nullable Path folder) { return LoadedLibrary.open(folder).info(); }

    /// What was loaded; loads the default one if nothing was.
    public static LibtorchInfo info() { return load(); }

    /// By how much this process's resident set grew while libtorch was opened: its code and tables; 0 where the system does not tell.
    public static long residentBytes() { return LoadedLibrary.current().residentBytes(); }

    /// CPU threads that one op may use. At first as many as the process may keep busy ([dev.fusedit.torch.host.Cores#allowed]), unless
    /// `OMP_NUM_THREADS` says otherwise; OpenBLAS likewise.
    public static int threads() {
        load();
        return TorchState.threads();
    }

    /// Sets the CPU threads of libtorch's kernels and of its BLAS.
    public static void setThreads(int count) {
        load();
        checkArgument(count > 0, "threads must be positive, got %s", count);
        TorchState.setThreads(count);
    }

    /// Ends the process at once, without hooks or destructors: the only clean way out while kernels may still run on
    /// another thread (static destructors would pull memory from under them).
    public static void exitNow(int status) { LoadedLibrary.exit(status); }
}
