package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.jspecify.annotations.Nullable;

/// x · weightᵀ + bias, in x's dtype.
public record Linear(Tensor weight_OI, @Nullable Tensor bias_O) {
    /// With `weight` and, if `biased`, a `bias` of zeros.
    public static Linear of(Weights weights, Init init, long in, long out, boolean biased) {
        return new Linear(weights.get("weight", init, out, in), biased ? weights.get("bias", Init.ZEROS, out) : null);
    }

    public Tensor apply(Tensor x) {
        var dtype = x.dtype();
        if (weight_OI.dtype() == dtype && (bias_O == null || bias_O.dtype() == dtype)) {
            return x.linear(weight_OI, bias_O);
        }
        return TensorScope.scoped(() -> x.linear(weight_OI.to(dtype), bias_O == null ? null : bias_O.to(dtype)));
    }
}
