package dev.fusedit.torch.internal.abi;

import dev.fusedit.torch.internal.load.LoadedLibrary;

/// libtorch's state outside tensors: grad mode (of the calling OS thread), thread counts, the CPU generator.
public final class TorchState {
    private static volatile int openBlasThreads;

    private TorchState() {}

    public static boolean gradEnabled() {
        try {
            return (boolean) TorchAbi.GRAD_MODE.invokeExact();
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    public static void setGradEnabled(boolean enabled) {
        try {
            TorchAbi.SET_GRAD_MODE.invokeExact(enabled);
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    public static int threads() {
        try {
            return (int) TorchAbi.GET_THREADS.invokeExact();
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    /// Threads of libtorch's own kernels and of OpenBLAS, which keeps its own pool.
    public static void setThreads(int count) {
        setOwnThreads(count);
        setOpenBlasThreads(count);
    }

    /// Threads that kernels called by this thread spread over.
    public static void setOwnThreads(int count) {
        try {
            TorchAbi.SET_THREADS.invokeExact(count);
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    /// OpenBLAS's pool alone; nothing happens on a libtorch with another BLAS.
    public static void setOpenBlasThreads(int count) {
        if (TorchAbi.OPENBLAS_THREADS == null || count == openBlasThreads) {
            return;
        }
        try {
            TorchAbi.OPENBLAS_THREADS.invokeExact(count);
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
        openBlasThreads = count;
    }

    /// As many as were set, or as OpenBLAS has chosen by itself (`OPENBLAS_NUM_THREADS`); those of libtorch's kernels with another BLAS.
    public static int openBlasThreads() {
        if (TorchAbi.GET_OPENBLAS_THREADS == null) {
            return threads();
        }
        try {
            return openBlasThreads != 0 ? openBlasThreads : (int) TorchAbi.GET_OPENBLAS_THREADS.invokeExact();
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    /// Starts the CPU's default generator anew, as `torch.manual_seed` does.
    public static void seedCpu(long seed) {
        try {
            var generator = (long) TorchAbi.CPU_GENERATOR.invokeExact();
            TorchAbi.CPU_SEED.invokeExact(NativeMemory.getLong(generator), seed);
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    /// Opens libtorch unless it is open; throws the same failure at every call after a first failure.
    public static void load() { LoadedLibrary.current(); }
}
