package dev.fusedit.nn;

import dev.fusedit.nn.RotaryEmbedding.RotaryTable;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.fused.Fused;
import dev.fusedit.torch.fused.FusedHeads;
import org.jspecify.annotations.Nullable;

/// Heads side by side in the last dimension, and as a dimension of their own.
public final class Heads {
    private Heads() {}

    /// (B, N, H·D) → (B, H, N, D), a view
    public static Tensor split(Tensor x, long heads) { return x.view(x.size(0), x.size(1), heads, -1).transpose(1, 2); }

    /// (B, H, N, D) → (B, N, H·D)
    public static Tensor merge(Tensor x) { return x.transpose(1, 2).flatten(2, 3); }

    /// As attention takes them: (B, N, H·D) → (B, H, N, D), normed over D and rotated by RoPE.
    ///
    /// @param norm null for none
    /// @param rotary null for none
    public static Tensor normAndRotate(Tensor x_BNX, int heads, @Nullable RmsNorm norm, @Nullable RotaryTable rotary) {
        return TensorScope.scoped(() -> {
            if (Fused.servesForward(x_BNX, norm == null ? null : norm.weight_C())) {
                return split(fused(heads, norm, rotary).forward(x_BNX), heads);
            }
            var split = split(x_BNX, heads);
            var normed = norm == null ? split : norm.apply(split);
            return rotary == null ? normed : rotary.apply(normed);
        });
    }

    /// The same in one pass.
    public static FusedHeads fused(int heads, @Nullable RmsNorm norm, @Nullable RotaryTable rotary) {
        return new FusedHeads(heads, norm == null ? null : norm.gain(), norm == null ? 0 : norm.eps(),
                rotary == null ? null : rotary.cos(), rotary == null ? null : rotary.signedSin());
    }
}
