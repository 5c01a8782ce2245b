package dev.fusedit.fusion.dit;

import dev.fusedit.nn.Heads;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.RotaryEmbedding.RotaryTable;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.fused.FusedHeads;
import org.jspecify.annotations.Nullable;

/// Queries or keys, normed and rotated, by [FusedHeads].
///
/// @param plain_BNX before norm and rotation
record HeadsBackward(@Nullable RmsNorm norm, FusedHeads fused, Tensor plain_BNX) {
    /// @param owner of what is kept beside `plain_BNX`, which is its already
    static HeadsBackward of(Tensor plain_BNX, int heads, @Nullable RmsNorm norm, @Nullable RotaryTable rotary, TensorScope owner) {
        var fused = Heads.fused(heads, norm, rotary);
        if (fused.gain_D() != null) {
            owner.hold(fused.gain_D());
        }
        return new HeadsBackward(norm, fused, plain_BNX);
    }

    /// (B, H, N, D)
    Tensor heads() { return Heads.split(fused.forward(plain_BNX), fused.heads()); }

    /// @param plainGradient_BNX overwritten with the gradient of what was before norm and rotation
    void backward(Tensor gradOutput_BHND, Tensor plainGradient_BNX) {
        try (var _ = TensorScope.open()) {
            var gain = fused.backward(plain_BNX, Heads.merge(gradOutput_BHND), plainGradient_BNX);
            if (norm != null && gain != null) {
                NormBackward.accumulateGrad(norm, gain);
            }
        }
    }
}
