package dev.fusedit.fusion.flow;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.HostReads;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.Arrays;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// Training by flow matching, also called rectified flow (Lipman et al. 2023; Esser et al. 2024): the model learns which way noise lies
/// from an image.
public record FlowMatching(FlowMatchScheduler scheduler, TimeDensity density, LossWeighting weighting, Prediction prediction) {
    private static final int DRAWN_TOGETHER = 16;

    /// The paper's setting: shift 3, logit-normal times, velocity.
    public static FlowMatching ofThePaper() {
        return new FlowMatching(FlowMatchScheduler.shifted(3), new TimeDensity.LogitNormal(0, 1), new LossWeighting.Uniform(),
                new Prediction.Velocity());
    }

    /// Images with noise mixed in.
    ///
    /// @param noisy (1 − σ) clean + σ noise
    /// @param sigmas noise levels, as Java knows them
    /// @param sigmas_B the same, f32
    /// @param timesteps_B what the model is told, f32
    public record Noised(Tensor clean, Tensor noise, Tensor noisy, float[] sigmas, Tensor sigmas_B, Tensor timesteps_B) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(clean, noise, noisy, sigmas_B, timesteps_B); }

        /// Some of the images, as views.
        public Noised rows(int first, int count) {
            return new Noised(clean.narrow(0, first, count), noise.narrow(0, first, count), noisy.narrow(0, first, count),
                    Arrays.copyOfRange(sigmas, first, first + count), sigmas_B.narrow(0, first, count),
                    timesteps_B.narrow(0, first, count));
        }
    }

    /// The mean loss of a batch with noise and times from a seed.
    public Tensor loss(VelocityModel model, Tensor clean, Seed seed) {
        return TensorScope.scoped(() -> {
            var noised = noised(clean, seed);
            return loss(model.predict(noised.noisy(), noised.timesteps_B()), noised);
        });
    }

    /// Draws noise and times: each a function of the seed and its purpose.
    public Noised noised(Tensor clean, Seed seed) { return noised(clean, seed, 0, (int) clean.size(0)); }

    /// As [#noised(Tensor, Seed)] for some images of a batch: they get what they would get among all.
    ///
    /// @param first place of the first one in the batch
    /// @param all images of the batch
    public Noised noised(Tensor clean, Seed seed, int first, int all) {
        return TensorScope.scoped(() -> {
            int count = (int) clean.size(0);
            var noise = noise(seed.derive("noise"), first, all, clean.shape()).to(clean.device());
            return noised(clean, noise, Arrays.copyOfRange(indices(seed.derive("time"), all), first, first + count));
        });
    }

    /// Of images in the midst of a batch. What those before them get is drawn too, one after the other, where libtorch draws the same so: it
    /// makes normal numbers sixteen at a time.
    private static Tensor noise(Seed seed, int first, int all, long... shape) {
        long each = LongStream.of(shape).skip(1).reduce(1, Math::multiplyExact);
        if (shape[0] == all) return Tensor.randn(seed, DType.F32, shape);
        if (each % DRAWN_TOGETHER != 0) {
            var whole = shape.clone();
            whole[0] = all;
            return Tensor.randn(seed, DType.F32, whole).narrow(0, first, shape[0]);
        }
        var stream = seed.stream();
        for (int i = 0; i < first; i++) {
            try (var _ = TensorScope.open()) {
                stream.randn(DType.F32, each);
            }
        }
        return shape[0] == 0 ? Tensor.empty(DType.F32, shape) : stream.randn(DType.F32, shape);
    }

    /// Places in the training table.
    public int[] indices(Seed seed, int batch) {
        try (var _ = TensorScope.open()) {
            var drawn = HostReads.ofHost(() -> density.draw(seed.stream(), batch).mul((double) scheduler.levels()).toLongs());
            var result = new int[batch];
            for (int i = 0; i < batch; i++) {
                result[i] = (int) Math.min(drawn[i], scheduler.levels() - 1);
            }
            return result;
        }
    }

    /// Mixes given noise in, at given places of the training table.
    public Noised noised(Tensor clean, Tensor noise, int... indices) {
        var table = scheduler.training();
        var sigmas = new float[indices.length];
        var timesteps = new float[indices.length];
        for (int i = 0; i < indices.length; i++) {
            sigmas[i] = table.sigmas()[indices[i]];
            timesteps[i] = table.timesteps()[indices[i]];
        }
        return TensorScope.scoped(() -> {
            var sigmas_B = Tensor.of(sigmas).to(clean.device());
            var level = spread(sigmas_B, clean);
            var noisy = level.neg().add(1).mul(clean).add(level.mul(noise));
            return new Noised(clean, noise, noisy, sigmas, sigmas_B, Tensor.of(timesteps).to(clean.device()));
        });
    }

    /// The mean weighted squared error of the model's output, in f32 (f64 for f64 outputs).
    public Tensor loss(Tensor output, Noised noised) {
        return TensorScope.scoped(() -> {
            var clean = noised.clean();
            var error = prediction.error(output.to(output.dtype().wide()), noised.noisy(), clean, noised.noise(),
                    spread(noised.sigmas_B(), clean));
            var squared = error.square();
            return switch (weighting) {
                case LossWeighting.Uniform() -> squared.mean();
                case LossWeighting.SigmaSqrt() -> squared.mul(spread(weights(noised), clean)).mean();
                case LossWeighting.Cosmap() -> squared.mul(spread(weights(noised), clean)).mean();
            };
        });
    }

    private Tensor weights(Noised noised) {
        var weights = new float[noised.sigmas().length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) weighting.weight(noised.sigmas()[i]);
        }
        return Tensor.of(weights).to(noised.sigmas_B().device());
    }

    static Tensor spread(Tensor values_B, Tensor over) {
        var shape = new long[over.rank()];
        java.util.Arrays.fill(shape, 1);
        shape[0] = values_B.size(0);
        return values_B.view(shape);
    }
}
