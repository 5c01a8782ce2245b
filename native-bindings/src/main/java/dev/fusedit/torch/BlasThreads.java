package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.TorchState;

/// OpenBLAS at one thread, until this is closed; for the whole process.
///
/// OpenBLAS keeps a pool of threads beside that of libtorch's own kernels. Both wait by spinning, so where few BLAS calls lie between many
/// other kernels, the two fight for the cores: a few small f32 matmuls cost a bf16 step a tenth of its time.
public final class BlasThreads implements AutoCloseable {
    private final int before = TorchState.openBlasThreads();

    private BlasThreads() { TorchState.setOpenBlasThreads(1); }

    public static BlasThreads one() { return new BlasThreads(); }

    @Override
    public void close() { TorchState.setOpenBlasThreads(before); }
}
