package dev.fusedit.nn;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.jspecify.annotations.Nullable;

/// x / rms(x) · (1 + weight) over the last dimension, Gemma's form: f32 inside, x's dtype outside.
public record RmsNorm(Tensor weight_C, double eps) {
    public static RmsNorm of(Weights weights, long width, double eps) { return new RmsNorm(weights.get("weight", Init.ZEROS, width), eps); }

    public Tensor apply(Tensor x) { return TensorScope.scoped(() -> normed(x).mul(gain(x.dtype()))); }

    /// norm(x) · (1 + scale) + shift, the two factors multiplied first: they are small, x is large.
    ///
    /// @param scale_B1C null for none
    /// @param shift_B1C null for none
    public Tensor modulated(Tensor x_BNC, @Nullable Tensor scale_B1C, @Nullable Tensor shift_B1C) {
        return TensorScope.scoped(() -> {
            var gain =
                    scale_B1C == null ? gain(x_BNC.dtype()) : weight_C.add(1).mul(scale_B1C.to(weight_C.dtype()).add(1)).to(x_BNC.dtype());
            var scaled = normed(x_BNC).mul(gain);
            return shift_B1C == null ? scaled : scaled.add(shift_B1C);
        });
    }

    private Tensor gain(DType dtype) { return weight_C.add(1).to(dtype); }

    private Tensor normed(Tensor x) { return x.rmsNorm(null, eps, x.size(-1)); }
}
