package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.fused.FusedGate;
import org.jspecify.annotations.Nullable;

/// The activation function of an MLP.
public enum Activation {
    /// x · Φ(x) by the usual approximation with a tanh; what Gemma was trained with.
    GELU_TANH,
    /// x · Φ(x)
    GELU,
    /// x · σ(1.702 x): the first CLIP models' approximation.
    QUICK_GELU,
    /// x · σ(x), also called swish
    SILU,
    /// max(x, 0)
    RELU;

    public Tensor apply(Tensor x) {
        return switch (this) {
            case GELU_TANH -> x.geluTanh();
            case GELU -> x.gelu();
            case QUICK_GELU -> TensorScope.scoped(() -> x.mul(x.mul(1.702).sigmoid()));
            case SILU -> x.silu();
            case RELU -> x.relu();
        };
    }

    /// As a gate in one pass; null where there is no such kernel.
    public @Nullable FusedGate fused() {
        return switch (this) {
            case GELU_TANH -> FusedGate.GELU_TANH;
            case QUICK_GELU -> FusedGate.QUICK_GELU;
            case SILU -> FusedGate.SILU;
            case GELU, RELU -> null;
        };
    }
}
