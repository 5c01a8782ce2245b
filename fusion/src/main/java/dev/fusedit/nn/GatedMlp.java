package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// A gated MLP (SwiGLU, GEGLU): down(act(gate(x)) · up(x)), act the activation function (Shazeer 2020, "GLU variants improve transformer").
///
/// @param gateUp gate and up, which read the same
public record GatedMlp(Linear gate, Linear up, Linear down, JoinedLinear gateUp, Activation activation) {
    public static GatedMlp of(Weights weights, Init init, long width, long inner, Activation activation, boolean biased) {
        var gate = Linear.of(weights.in("gate_proj"), init, width, inner, biased);
        var up = Linear.of(weights.in("up_proj"), init, width, inner, biased);
        var down = Linear.of(weights.in("down_proj"), init, inner, width, biased);
        return new GatedMlp(gate, up, down, JoinedLinear.of(weights, gate, up), activation);
    }

    /// Whether a layer of it has an adapter.
    public boolean isAdapted() { return gate.lora() != null || up.lora() != null || down.lora() != null; }

    public Tensor apply(Tensor x) {
        return TensorScope.scoped(() -> down.apply(activation.apply(gate.apply(x)).mul(up.apply(x))));
    }
}
