package dev.fusedit.fusion.vision;

import dev.fusedit.nn.Activation;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// fc2(activation(fc1(x)))
record Mlp(Linear fc1, Linear fc2, Activation activation) {
    static Mlp of(Weights weights, Init init, int width, int inner, Activation activation) {
        return new Mlp(Linear.of(weights.in("fc1"), init, width, inner, true), Linear.of(weights.in("fc2"), init, inner, width, true),
                activation);
    }

    Tensor apply(Tensor x) { return TensorScope.scoped(() -> fc2.apply(activation.apply(fc1.apply(x)))); }
}
