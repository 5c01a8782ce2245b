package dev.fusedit.fusion.dit;

import dev.fusedit.nn.RmsNorm;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.fused.FusedNorm;
import org.jspecify.annotations.Nullable;

/// A norm with its modulation, by [FusedNorm].
///
/// @param scale (B, 1, C) in f32; null for none, and then there is no shift
/// @param shift likewise
record NormBackward(RmsNorm norm, @Nullable Tensor scale, @Nullable Tensor shift) {
    Tensor forward(Tensor x_BNC) { return norm.modulated(x_BNC, scale, shift); }

    /// Gradients of the scale and the shift, (B, 1, C) in f32; null where there are none. That of the weight is added to it.
    record Gradient(@Nullable Tensor scale, @Nullable Tensor shift) {
        static final Gradient NONE = new Gradient(null, null);
    }

    /// Adds the gradient of x to `sum_BNC`.
    Gradient backward(Tensor x_BNC, Tensor dy_BNC, Tensor sum_BNC) {
        var gradient = FusedNorm.backward(x_BNC, dy_BNC, norm.gain(scale), shift != null, norm.eps(), sum_BNC);
        if (scale == null) {
            accumulateGrad(norm, gradient.gain());
            return Gradient.NONE;
        }
        accumulateGrad(norm, gradient.gain().mul(scale.add(1)).sum(false, 0, 1));
        return new Gradient(gradient.gain().mul(norm.gain()), gradient.shift());
    }

    /// Of a norm without modulation, in place: what arrives becomes the gradient of x.
    static void backwardInPlace(RmsNorm norm, Tensor x, Tensor gradOutput) {
        try (var _ = TensorScope.open()) {
            accumulateGrad(norm, FusedNorm.backwardInto(x, gradOutput, norm.gain(), norm.eps(), gradOutput).gain());
        }
    }

    /// @param gain its gradient, (C) in f32
    static void accumulateGrad(RmsNorm norm, Tensor gain) {
        var weight = norm.weight_C();
        if (weight.requiresGrad()) {
            try (var _ = TensorScope.open()) {
                Autograd.accumulate(weight, gain.to(weight.dtype()));
            }
        }
    }
}
