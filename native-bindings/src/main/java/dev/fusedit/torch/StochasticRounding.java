package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;

/// From f32 to bf16 so that the mean is kept: up with a chance of how far the value lies above the lower neighbour, else down (Gupta et al.
/// 2015, arXiv 1502.02551). Weights without f32 masters learn from steps that are smaller than their resolution only in this way.
///
/// bf16 is the upper half of f32's bits. A uniform number of 16 bits is added to them and the lower half is cut off: the carry is the
/// chance, to the last bit, and signs are no special case because the bits are a magnitude.
public final class StochasticRounding {
    private static final int LOWER_BITS = 1 << 16;

    private StochasticRounding() {}

    /// Writes `source` (f32) into `target` (bf16) of the same shape; the same for the same seed.
    public static void copy(Tensor target, Tensor source, Seed seed) {
        checkArgument(target.dtype() == DType.BF16 && source.dtype() == DType.F32, "rounding goes from f32 to bf16, not from %s to %s",
                source.dtype(), target.dtype());
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var bits = source.detach().contiguous().reshape(-1).bitsAs(DType.I32);
            var chance = seed.stream().randint(DType.I32, 0, LOWER_BITS, source.numel()).to(source.device());
            var sum = Tensor.stack(0, bits, chance).sum(DType.I32, false, 0);
            var upperHalf = sum.bitsAs(DType.BF16).view(-1, 2).select(1, 1); // the second one: the machine is little-endian
            target.copyInPlace(upperHalf.reshape(target.shape()));
        }
    }
}
