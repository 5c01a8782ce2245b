package dev.fusedit.nn;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.jspecify.annotations.Nullable;

/// x / rms(x) · (offset + weight) over the last dimension: f32 inside, x's dtype outside.
///
/// @param offset 1 in Gemma's form, whose new weights are 0; 0 in the form of most other models, whose new weights are 1
public record RmsNorm(Tensor weight_C, double eps, double offset) {
    public RmsNorm(Tensor weight_C, double eps) { this(weight_C, eps, 1); }

    /// Gemma's form.
    public static RmsNorm of(Weights weights, long width, double eps) { return new RmsNorm(weights.get("weight", Init.ZEROS, width), eps); }

    /// The form of most other models.
    public static RmsNorm plain(Weights weights, long width, double eps) {
        return new RmsNorm(weights.get("weight", Init.ONES, width), eps, 0);
    }

    public Tensor apply(Tensor x) {
        return TensorScope.scoped(() -> normed(x).mul(gain(x.dtype())));
    }

    /// Each head by itself, (B, N, H·D) → (B, N, H·D). Notable: the gradient that arrives is laid out as x is, whatever attention made of
    /// it, so that the weight's gradient is summed in one order only.
    public Tensor perHead(Tensor x_BNX, long heads) {
        return TensorScope.scoped(() -> apply(x_BNX.view(x_BNX.size(0), x_BNX.size(1), heads, -1)).flatten(2, 3));
    }

    /// norm(x) · (1 + scale) + shift, the two factors multiplied first: they are small, x is large.
    ///
    /// @param scale_B1C null for none
    /// @param shift_B1C null for none
    public Tensor modulated(Tensor x_BNC, @Nullable Tensor scale_B1C, @Nullable Tensor shift_B1C) {
        return TensorScope.scoped(() -> {
            var gain =
                    scale_B1C == null ? gain(x_BNC.dtype()) : whole().mul(scale_B1C.to(weight_C.dtype()).add(1)).to(x_BNC.dtype());
            var scaled = normed(x_BNC).mul(gain);
            return shift_B1C == null ? scaled : scaled.add(shift_B1C.to(x_BNC.dtype()));
        });
    }

    /// What a normed row is multiplied with, (C) in f32.
    public Tensor gain() { return TensorScope.scoped(() -> gain(DType.F32)); }

    /// The same under a scale: as many rows as that has.
    public Tensor gain(@Nullable Tensor scale) {
        return scale == null ? gain() : TensorScope.scoped(() -> gain(DType.F32).mul(scale.to(DType.F32).add(1)));
    }

    private Tensor gain(DType dtype) { return whole().to(dtype); }

    private Tensor whole() { return offset == 0 ? weight_C : weight_C.add(offset); }

    private Tensor normed(Tensor x) { return x.rmsNorm(null, eps, x.size(-1)); }
}
