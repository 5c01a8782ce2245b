package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// The last dimension brought to mean 0 and variance 1, times weight, plus bias (Ba et al. 2016), in x's dtype.
public record LayerNorm(Tensor weight_C, Tensor bias_C, double eps) {
    public static LayerNorm of(Weights weights, long width, double eps) {
        return new LayerNorm(weights.get("weight", Init.ONES, width), weights.get("bias", Init.ZEROS, width), eps);
    }

    public Tensor apply(Tensor x) {
        return TensorScope.scoped(() -> x.layerNorm(weight_C.to(x.dtype()), bias_C.to(x.dtype()), eps, x.size(-1)));
    }
}
