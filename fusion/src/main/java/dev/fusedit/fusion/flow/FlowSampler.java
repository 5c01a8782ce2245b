package dev.fusedit.fusion.flow;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// Samples images from noise: steps along the velocity from σ = 1 to 0.
public record FlowSampler(FlowMatchScheduler scheduler, Prediction prediction, Solver solver, int steps, Guidance guidance) {
    public FlowSampler {
        checkArgument(steps > 0, "sampling steps must be positive, got %s", steps);
    }

    /// Sees the latents after each step; they are freed after the call.
    @FunctionalInterface
    public interface Progress {
        Progress NONE = _ -> {};

        void after(Step step);
    }

    /// What a step has made.
    ///
    /// @param number from 0 on
    /// @param latents that it arrived at
    /// @param image computes [#predicted]
    public record Step(int number, Tensor latents, Supplier<Tensor> image) {
        /// The image that the step goes towards: straight on to the end. For Euler's steps it is the predicted image x − σ v; for the others
        /// the same along the velocity that they went by. The innermost scope's.
        public Tensor predicted() { return TensorScope.scoped(image); }
    }

    /// The number of function evaluations (NFE) for each image: passes of the network, two at a guided noise level.
    ///
    /// @throws IllegalArgumentException if the scheduler's shift depends on the images' size; see [FlowMatchScheduler#sized]
    public int evaluations() {
        var sigmas = scheduler.sampling(steps).sigmas();
        return IntStream.range(0, steps).flatMap(step -> solver.asksAt(step, steps)).map(level -> isGuided(sigmas[level]) ? 2 : 1).sum();
    }

    private boolean isGuided(float sigma) { return guidance.isOn(scheduler.inverted() ? 1 - sigma : sigma); }

    /// Images of the noise's shape.
    ///
    /// @param model asked for both branches at guided levels, at others with the text alone
    /// @param noise (B, channels, height, width), standard normal
    /// @param fresh as much for each step of a stochastic solver
    public Tensor sample(Branches model, Tensor noise, FreshNoise fresh, Progress progress) {
        var table = scheduler.sampling(steps);
        var ode = new FlowOde(table.sigmas(), (x, level) -> velocity(model, x, table.sigmas()[level], table.timesteps()[level]),
                fresh);
        try (var _ = Autograd.noGrad(); var scope = TensorScope.open()) {
            var state = new Solver.State(noise.copy(), null);
            for (int i = 0; i < steps; i++) {
                int step = i;
                var now = state;
                var then = TensorScope.scoped(() -> solver.step(ode, now, step));
                progress.after(new Step(i, then.x(), () -> solver.towards(ode, now, then, step)));
                state = then;
                now.tensors().forEach(Tensor::free);
            }
            return scope.keep(state.x());
        }
    }

    /// By a solver that adds no noise.
    public Tensor sample(Branches model, Tensor noise, Progress progress) { return sample(model, noise, FreshNoise.NONE, progress); }

    public Tensor sample(VelocityModel model, Tensor noise, Progress progress) { return sample(Branches.of(model), noise, progress); }

    public Tensor sample(VelocityModel model, Tensor noise) { return sample(model, noise, Progress.NONE); }

    /// Along the velocity from one noise level to another.
    public static Tensor step(Tensor x, Tensor velocity, float sigma, float next) {
        return TensorScope.scoped(() -> x.add(velocity.mul((double) (next - sigma))));
    }

    private Tensor velocity(Branches model, Tensor x, float sigma, float time) {
        if (!isGuided(sigma)) {
            return velocity(model.conditional(), x, sigma, time);
        }
        var parts = velocity(model.both(), Tensor.cat(0, x, x), sigma, time).chunk(2, 0);
        return guidance.of(parts[0], parts[1]);
    }

    private Tensor velocity(VelocityModel model, Tensor rows, float sigma, float time) {
        var times = new float[(int) rows.size(0)];
        var sigmas = new float[times.length];
        Arrays.fill(times, time);
        Arrays.fill(sigmas, sigma);
        var output = model.predict(rows, Tensor.of(times).to(rows.device())).to(rows.dtype());
        return prediction.velocity(output, rows, FlowMatching.spread(Tensor.of(sigmas).to(rows.device()), rows));
    }
}
