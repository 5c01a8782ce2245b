package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.fused.Fused;

/// down(act(gate(x)) · up(x)) (Shazeer 2020, "GLU variants improve transformer").
public record GatedMlp(Linear gate, Linear up, Linear down, Activation activation) {
    public static GatedMlp of(Weights weights, Init init, long width, long inner, Activation activation, boolean biased) {
        return new GatedMlp(
                Linear.of(weights.in("gate_proj"), init, width, inner, biased),
                Linear.of(weights.in("up_proj"), init, width, inner, biased),
                Linear.of(weights.in("down_proj"), init, inner, width, biased),
                activation);
    }

    public Tensor apply(Tensor x) {
        return TensorScope.scoped(() -> {
            var fused = activation.fused();
            var gates = gate.apply(x);
            var factors = up.apply(x);
            return down.apply(fused != null && Fused.servesForward(gates, factors) ? fused.forward(gates, factors)
                    : activation.apply(gates).mul(factors));
        });
    }
}
