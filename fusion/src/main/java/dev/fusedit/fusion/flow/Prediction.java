package dev.fusedit.fusion.flow;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// What the model predicts (diffusers' `prediction_type`). x = x₀ is the clean image, n the noise, z = (1 − σ) x + σ n what the model sees,
/// v = n − x the velocity.
public sealed interface Prediction {
    /// v-prediction with v-loss: the output is v, and so is the target (rectified flow).
    record Velocity() implements Prediction {}

    /// EDM preconditioning: the output is v, the loss is on x₀ = z − σ v (Karras et al. 2022, section 5).
    record EdmPreconditioned() implements Prediction {}

    /// x₀-prediction with v-loss: the output is x₀, the loss is on v = (z − x₀) / σ. It gives crisper shapes in few steps on small images.
    ///
    /// @param smallestSigma σ is taken to be at least this where the loss divides by it
    record X0WithVLoss(double smallestSigma) implements Prediction {
        public X0WithVLoss() { this(0.05); }

        public X0WithVLoss {
            checkArgument(smallestSigma > 0 && smallestSigma <= 1, "the smallest sigma must be above 0 and at most 1, got %s",
                    smallestSigma);
        }
    }

    /// x₀-prediction with x₀-loss: the output is x₀, and so is the target. As [X0WithVLoss] with every noise level weighted by σ².
    record X0() implements Prediction {}

    /// The velocity that an output stands for.
    ///
    /// @param sigmas broadcasts over the image, (B, 1, 1, 1)
    default Tensor velocity(Tensor output, Tensor noisy, Tensor sigmas) {
        return switch (this) {
            case Velocity() -> output;
            case EdmPreconditioned() -> output;
            case X0WithVLoss _ -> towards(output, noisy, sigmas);
            case X0() -> towards(output, noisy, sigmas);
        };
    }

    /// Difference between what was predicted and what should have been, in f32.
    default Tensor error(Tensor output, Tensor noisy, Tensor clean, Tensor noise, Tensor sigmas) {
        return TensorScope.scoped(() -> switch (this) {
            case Velocity() -> output.sub(noise.sub(clean));
            case EdmPreconditioned() -> output.mul(sigmas.neg()).add(noisy).sub(clean);
            case X0WithVLoss(var smallest) -> clean.sub(output).div(sigmas.clamp(smallest, 1)); // (z − out)/σ − (z − x)/σ
            case X0() -> output.sub(clean);
        });
    }

    /// A step of sampling from σ to 0 arrives at the image itself, however small σ is: only the loss is kept from dividing by little.
    private static Tensor towards(Tensor image, Tensor noisy, Tensor sigmas) {
        return TensorScope.scoped(() -> noisy.sub(image).div(sigmas.clamp(1e-6, 1)));
    }
}
