package dev.fusedit.fusion.flow;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.RandomStream;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.List;

/// From which density the noise level σ of a training image is drawn, before it is shifted.
public sealed interface TimeDensity {
    /// σ = sigmoid(x), x normal (Esser et al. 2024, section 3.1).
    ///
    /// @param mean of x; more noise above 0. diffusers' `logit_mean` is that of 1 − σ, with the other sign
    /// @param std of x
    @Doc("sigma = sigmoid(x), x normal: Stable Diffusion 3 (https://arxiv.org/abs/2403.03206), section 3.1.")
    record LogitNormal(@Default("0") double mean, @Default("1") double std) implements TimeDensity {
        public LogitNormal {
            Bound.LEVELS.check("std", std);
            Bound.LEVELS.check("mean", mean == 0 ? 1 : Math.abs(mean));
        }
    }

    /// Heavy tails (Esser et al. 2024, section 3.1).
    @Doc("Heavy tails: Stable Diffusion 3 (https://arxiv.org/abs/2403.03206), section 3.1.")
    record Mode(@Default("1.29") double scale) implements TimeDensity {
        public Mode {
            Bound.LEVELS.check("scale", scale == 0 ? 1 : Math.abs(scale));
        }
    }

    record Uniform() implements TimeDensity {}

    /// One of several densities for each image, each as often as its weight says.
    @Doc("Each image's level is from one of several densities, drawn by their weights: most levels where they teach most, the others not forgotten.")
    record Mixture(List<Part> parts) implements TimeDensity {
        public Mixture {
            checkArgument(!parts.isEmpty(), "parts must not be empty");
            parts = ImmutableList.copyOf(parts);
        }

        /// @param weight its share is this over the sum of all
        public record Part(@Default("1") double weight, TimeDensity time) {
            public Part {
                Bound.LEVELS.check("weight", weight);
            }
        }

        private Tensor drawn(RandomStream random, int n) {
            double all = parts.stream().mapToDouble(Part::weight).sum();
            var which = random.rand(DType.F32, n);
            var drawn = parts.getFirst().time.draw(random, n);
            double from = parts.getFirst().weight / all;
            for (var part : parts.subList(1, parts.size())) {
                drawn = which.ge(from).where(part.time.draw(random, n), drawn);
                from += part.weight / all;
            }
            return drawn;
        }
    }

    /// n draws of u = 1 − σ in [0, 1), places in the table of levels, whose first is the noisiest; f32, in the order of PyTorch's
    /// generator.
    default Tensor draw(RandomStream random, int n) {
        return TensorScope.scoped(() -> switch (this) {
            case Uniform() -> random.rand(DType.F32, n);
            case LogitNormal(var mean, var std) -> random.randn(DType.F32, n).mul(std).add(-mean).sigmoid();
            case Mode(var scale) -> {
                var u = random.rand(DType.F32, n);
                var bend = u.mul(Math.PI).div(2.0).cos().square().sub(1).add(u).mul(scale);
                yield u.neg().add(1).sub(bend);
            }
            case Mixture mixture -> mixture.drawn(random, n);
        });
    }
}
