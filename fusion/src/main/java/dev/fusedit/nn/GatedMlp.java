package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.fused.Fused;
import org.jspecify.annotations.Nullable;

/// A gated MLP (SwiGLU, GEGLU): down(act(gate(x)) · up(x)), act the activation function (Shazeer 2020, "GLU variants improve transformer").
///
/// @param gateUp gate and up as one matmul; null where they are not joined
public record GatedMlp(Linear gate, Linear up, Linear down, @Nullable JoinedLinear gateUp, Activation activation) {
    public static GatedMlp of(Weights weights, Init init, long width, long inner, Activation activation, boolean biased) {
        var gate = Linear.of(weights.in("gate_proj"), init, width, inner, biased);
        var up = Linear.of(weights.in("up_proj"), init, width, inner, biased);
        var down = Linear.of(weights.in("down_proj"), init, inner, width, biased);
        return new GatedMlp(gate, up, down, JoinedLinear.of(weights, gate, up), activation);
    }

    public Tensor apply(Tensor x) {
        return TensorScope.scoped(() -> {
            var fused = activation.fused();
            var both = JoinedLinear.each(gateUp, x, gate, up);
            Tensor gates = both.getFirst(), factors = both.getLast();
            return down.apply(fused != null && Fused.servesForward(gates, factors) ? fused.forward(gates, factors)
                    : activation.apply(gates).mul(factors));
        });
    }
}
