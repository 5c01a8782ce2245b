package dev.fusedit.torch.cuda;

import dev.fusedit.torch.internal.abi.TorchContext;

/// TF32: whether f32 matmuls and convolutions of CUDA devices may round their factors to 10 bits of mantissa, for the tensor cores. A switch of
/// the process, which the CPU does not look at.
///
/// libtorch begins without it for matmuls and with it for convolutions, as PyTorch does.
public final class Tf32 {
    private Tf32() {}

    public static void allowMatmuls(boolean allowed) { TorchContext.Switch.TF32_MATMUL.set(allowed); }

    public static boolean matmuls() { return TorchContext.Switch.TF32_MATMUL.isOn(); }

    public static void allowConvolutions(boolean allowed) { TorchContext.allowTf32Convolutions(allowed); }
}
