package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.jspecify.annotations.Nullable;

/// x · weightᵀ + bias, in x's dtype, and what an adapter adds to it.
///
/// @param lora null for most
public record Linear(Tensor weight_OI, @Nullable Tensor bias_O, @Nullable LoraAdapter lora) {
    public Linear(Tensor weight_OI, @Nullable Tensor bias_O) { this(weight_OI, bias_O, null); }

    /// With `weight` and, if `biased`, a `bias` of zeros; and with an adapter where the weights say so.
    public static Linear of(Weights weights, Init init, long in, long out, boolean biased) {
        return new Linear(weights.get("weight", init, out, in), biased ? weights.get("bias", Init.ZEROS, out) : null,
                weights.lora(in, out));
    }

    public Tensor apply(Tensor x) { return lora == null ? plain(x) : TensorScope.scoped(() -> plain(x).add(lora.apply(x))); }

    /// Without the adapter.
    public Tensor plain(Tensor x) {
        var dtype = x.dtype();
        if (weight_OI.dtype() == dtype && (bias_O == null || bias_O.dtype() == dtype)) {
            return x.linear(weight_OI, bias_O);
        }
        return TensorScope.scoped(() -> x.linear(weight_OI.to(dtype), bias_O == null ? null : bias_O.to(dtype)));
    }
}
