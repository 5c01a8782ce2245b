package dev.fusedit.fusion.flow;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Arrays;

/// Draws pictures from noise: Euler steps along the velocity from σ = 1 to 0.
///
/// @param guidance how far to go beyond what no text would give (Ho and Salimans 2022): u + g (c − u). 1 or less needs one pass only
public record EulerSampler(FlowMatchScheduler scheduler, Prediction prediction, int steps, double guidance) {
    public EulerSampler {
        checkArgument(steps > 0, "sampling steps must be positive, got %s", steps);
    }

    /// Sees the latents after each step; they are freed after the call.
    @FunctionalInterface
    public interface Progress {
        Progress NONE = (_, _) -> {};

        void after(int step, Tensor latents);
    }

    public boolean isGuided() { return guidance > 1; }

    /// Pictures of the noise's shape.
    ///
    /// @param model with guidance it is given 2·B rows: first those without the text (or with the negative one), then those with it
    /// @param noise (B, channels, height, width), standard normal
    public Tensor sample(VelocityModel model, Tensor noise, Progress progress) {
        var table = scheduler.sampling(steps);
        try (var _ = Autograd.noGrad(); var scope = TensorScope.open()) {
            var x = noise.copy();
            for (int i = 0; i < steps; i++) {
                float sigma = table.sigmas()[i], time = table.timesteps()[i], next = table.sigmas()[i + 1];
                var now = x;
                x = TensorScope.scoped(() -> step(now, velocity(model, now, sigma, time), sigma, next));
                now.free();
                progress.after(i, x);
            }
            return scope.keep(x);
        }
    }

    public Tensor sample(VelocityModel model, Tensor noise) { return sample(model, noise, Progress.NONE); }

    /// Along the velocity from one noise level to the next.
    public static Tensor step(Tensor x, Tensor velocity, float sigma, float next) {
        return TensorScope.scoped(() -> x.add(velocity.mul((double) (next - sigma))));
    }

    private Tensor velocity(VelocityModel model, Tensor x, float sigma, float time) {
        var rows = isGuided() ? Tensor.cat(0, x, x) : x;
        var times = new float[(int) rows.size(0)];
        var sigmas = new float[times.length];
        Arrays.fill(times, time);
        Arrays.fill(sigmas, sigma);
        var output = model.predict(rows, Tensor.of(times).to(x.device())).to(x.dtype());
        var velocity = prediction.velocity(output, rows, FlowMatching.spread(Tensor.of(sigmas).to(x.device()), x));
        if (!isGuided()) {
            return velocity;
        }
        var parts = velocity.chunk(2, 0);
        return parts[0].add(parts[1].sub(parts[0]).mul(guidance));
    }
}
