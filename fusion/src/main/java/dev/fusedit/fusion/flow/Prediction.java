package dev.fusedit.fusion.flow;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// What the model's output means. x is the clean image, n the noise, z = (1 − σ) x + σ n what the model sees, v = n − x the velocity.
public sealed interface Prediction {
    /// The output is v, and so is the target.
    record Velocity() implements Prediction {}

    /// The output is v; the loss is on x = z − σ v (Karras et al. 2022, section 5).
    record Preconditioned() implements Prediction {}

    /// The output is x; the loss is on v = (z − x) / σ. Draws crisper shapes in few steps on small images.
    ///
    /// @param smallestSigma σ is taken to be at least this where the loss divides by it
    record CleanPicture(double smallestSigma) implements Prediction {
        public CleanPicture() { this(0.05); }

        public CleanPicture {
            checkArgument(smallestSigma > 0 && smallestSigma <= 1, "the smallest sigma must be above 0 and at most 1, got %s",
                    smallestSigma);
        }
    }

    /// The output is x, and so is the target: as [CleanPicture] with every noise level weighted by σ².
    record Denoised() implements Prediction {}

    /// The velocity that an output stands for.
    ///
    /// @param sigmas broadcasts over the image, (B, 1, 1, 1)
    default Tensor velocity(Tensor output, Tensor noisy, Tensor sigmas) {
        return switch (this) {
            case Velocity() -> output;
            case Preconditioned() -> output;
            case CleanPicture _ -> towards(output, noisy, sigmas);
            case Denoised() -> towards(output, noisy, sigmas);
        };
    }

    /// Difference between what was predicted and what should have been, in f32.
    default Tensor error(Tensor output, Tensor noisy, Tensor clean, Tensor noise, Tensor sigmas) {
        return TensorScope.scoped(() -> switch (this) {
            case Velocity() -> output.sub(noise.sub(clean));
            case Preconditioned() -> output.mul(sigmas.neg()).add(noisy).sub(clean);
            case CleanPicture(var smallest) -> clean.sub(output).div(sigmas.clamp(smallest, 1)); // (z − out)/σ − (z − x)/σ
            case Denoised() -> output.sub(clean);
        });
    }

    /// A step of sampling from σ to 0 arrives at the image itself, however small σ is: only the loss is kept from dividing by little.
    private static Tensor towards(Tensor image, Tensor noisy, Tensor sigmas) {
        return TensorScope.scoped(() -> noisy.sub(image).div(sigmas.clamp(1e-6, 1)));
    }
}
