package dev.fusedit.torch.fused;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.internal.abi.ReadSection;
import dev.fusedit.torch.internal.vector.HeadRows;
import org.jspecify.annotations.Nullable;

/// Heads as attention takes them: normed over their width and rotated by their positions (Su et al. 2021, arXiv 2104.09864), computed in f32.
///
/// Letters: B batch, N tokens, H heads, D their width, X = H · D.
///
/// @param gain_D of the norm; null for none
/// @param cos (B or 1, …, N, D), f32; null for no rotation
/// @param signedSin likewise, the first half of its last dimension negated
public record FusedHeads(int heads, @Nullable Tensor gain_D, double eps, @Nullable Tensor cos, @Nullable Tensor signedSin) {
    public FusedHeads {
        checkArgument(heads > 0, "heads must be positive, got %s", heads);
        checkArgument((cos == null) == (signedSin == null), "a rotation takes both a cosine and a sine");
    }

    private HeadRows loops(Tensor x_BNX) {
        long width = x_BNX.size(-1) / heads;
        checkArgument(width % 2 == 0, "heads are an even number wide, got %s", width);
        return new HeadRows(heads, (int) width, gain_D == null ? null : Fused.rows(Fused.laidOut(gain_D), width), eps,
                cos == null ? null : Fused.rows(Fused.laidOut(cos), width),
                signedSin == null ? null : Fused.rows(Fused.laidOut(signedSin), width));
    }

    /// @return (B, N, X), of x's dtype
    public Tensor forward(Tensor x_BNX) {
        return Fused.kernel(() -> {
            var out = Fused.like(x_BNX);
            loops(x_BNX).forward(Fused.rows(Fused.laidOut(x_BNX), x_BNX.size(-1)), Fused.rows(out, x_BNX.size(-1)));
            return out;
        });
    }

    /// @param dx_BNX contiguous, overwritten; may be x or dy
    /// @return the gain's gradient, (D) in f32; null without a norm
    public @Nullable Tensor backward(Tensor x_BNX, Tensor dy_BNX, Tensor dx_BNX) {
        try (var _ = ReadSection.enter(); var scope = TensorScope.open()) {
            long width = x_BNX.size(-1);
            var gradient = gain_D == null ? null : Tensor.empty(DType.F32, gain_D.size(0));
            loops(x_BNX).backward(Fused.rows(Fused.laidOut(x_BNX), width), Fused.rows(Fused.laidOut(dy_BNX), width),
                    Fused.rows(dx_BNX, width), gradient == null ? null : Fused.rows(gradient, width / heads));
            return gradient == null ? null : scope.keep(gradient);
        }
    }
}
