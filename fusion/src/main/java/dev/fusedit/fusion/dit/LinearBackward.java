package dev.fusedit.fusion.dit;

import dev.fusedit.nn.JoinedLinear;
import dev.fusedit.nn.Linear;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// A linear layer's backward pass: ∂x = ∂y W, ∂W = ∂yᵀ x, ∂b = Σ ∂y.
final class LinearBackward {
    private LinearBackward() {}

    /// Adds to the gradients of weight and bias.
    ///
    /// @param x (…, I), what the layer was given
    /// @param dy (…, O)
    /// @return (…, I)
    static Tensor backward(Linear linear, Tensor x, Tensor dy) {
        accumulateGrad(linear, x, dy);
        return dy.matmul(linear.weight_OI());
    }

    /// As [#backward], for an input that nothing learns of.
    static void accumulateGrad(Linear linear, Tensor x, Tensor dy) {
        try (var _ = TensorScope.open()) {
            var rows = dy.reshape(-1, dy.size(-1));
            if (linear.weight_OI().requiresGrad()) {
                Autograd.accumulate(linear.weight_OI(), rows.transpose(0, 1).matmul(x.reshape(-1, x.size(-1))));
            }
            var bias = linear.bias_O();
            if (bias != null && bias.requiresGrad()) {
                Autograd.accumulate(bias, rows.to(bias.dtype()).sum(false, 0));
            }
        }
    }

    /// As [#backward], for layers of the same input.
    ///
    /// @param dy all their outputs' gradients, (…, X)
    static Tensor backward(JoinedLinear joined, Tensor x, Tensor dy) { return backward(joined, x, dy, joined.parts().size()); }

    /// As [#backward], where only the first layers learn.
    static Tensor backward(JoinedLinear joined, Tensor x, Tensor dy, int trainable) {
        try (var _ = TensorScope.open()) {
            if (joined.parts().stream().limit(trainable).anyMatch(part -> part.weight_OI().requiresGrad())) {
                var gradient = dy.reshape(-1, dy.size(-1)).transpose(0, 1).matmul(x.reshape(-1, x.size(-1)));
                for (int i = 0; i < trainable; i++) {
                    var weight = joined.parts().get(i).weight_OI();
                    if (weight.requiresGrad()) {
                        Autograd.accumulate(weight, joined.rows(gradient, i));
                    }
                }
            }
        }
        return dy.matmul(joined.weight_XI());
    }
}
