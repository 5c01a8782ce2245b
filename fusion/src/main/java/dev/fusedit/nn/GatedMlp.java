package dev.fusedit.nn;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// down(gelu(gate(x)) · up(x)), GELU in its tanh form (Shazeer 2020, "GLU variants improve transformer").
public record GatedMlp(Linear gate, Linear up, Linear down) {
    public static GatedMlp of(Weights weights, Init init, long width, long inner) {
        return new GatedMlp(
                Linear.of(weights.in("gate_proj"), init, width, inner, false),
                Linear.of(weights.in("up_proj"), init, width, inner, false),
                Linear.of(weights.in("down_proj"), init, inner, width, false));
    }

    public Tensor apply(Tensor x) { return TensorScope.scoped(() -> down.apply(gate.apply(x).geluTanh().mul(up.apply(x)))); }
}
