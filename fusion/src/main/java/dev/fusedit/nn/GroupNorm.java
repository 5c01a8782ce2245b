package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// Groups of channels brought to mean 0 and variance 1 within each sample, times weight, plus bias (Wu and He 2018), in x's dtype.
public record GroupNorm(Tensor weight_C, Tensor bias_C, int groups, double eps) {
    public static GroupNorm of(Weights weights, int groups, long channels, double eps) {
        return new GroupNorm(weights.get("weight", Init.ONES, channels), weights.get("bias", Init.ZEROS, channels), groups, eps);
    }

    /// @param x (B, C, …)
    public Tensor apply(Tensor x) {
        return TensorScope.scoped(() -> x.groupNorm(groups, weight_C.to(x.dtype()), bias_C.to(x.dtype()), eps));
    }
}
