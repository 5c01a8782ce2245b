package dev.fusedit.trainer.recipe;

import static com.google.common.base.Preconditions.checkArgument;

import org.jspecify.annotations.Nullable;

/// What a stage minimizes: the weighted sum of those that are named.
public record Losses(@Nullable Flow flow, @Nullable Language language) {
    public Losses {
        checkArgument(flow != null || language != null, "flow or language must be given");
    }

    /// Flow matching: `noisy = (1 - sigma) picture + sigma noise`, the velocity is `noise - picture`.
    ///
    /// @param target in which terms prediction and truth are compared; the network's prediction is converted
    /// @param sigmaFloor a clean picture becomes a velocity by dividing by sigma, but by no less than this
    public record Flow(@Default("1") double weight, @Default("logit-normal") TimeDensity time, @Default("velocity") Model.Prediction target,
            @Default("uniform") Weighting weighting, @Default("0.05") double sigmaFloor) {
        public Flow {
            checkArgument(weight > 0, "weight must be more than 0, but is %s", weight);
            checkArgument(sigmaFloor > 0 && sigmaFloor < 1, "sigma_floor must lie between 0 and 1, but is %s", sigmaFloor);
        }
    }

    /// Next-token prediction, so that the language model keeps (or first learns) its language.
    ///
    /// @param corpus which sentences: the wider text, or the captions of the stage's pictures
    public record Language(@Default("1") double weight, @Default("text") Corpus corpus) {
        public Language {
            checkArgument(weight > 0, "weight must be more than 0, but is %s", weight);
        }
    }

    public enum Corpus { TEXT, CAPTIONS }

    /// From which density the noise level sigma of a training picture is drawn. More noise is nearer to 1.
    public sealed interface TimeDensity {
        /// sigma = sigmoid(x), x normal: [Stable Diffusion 3](https://arxiv.org/abs/2403.03206), section 3.1.
        record LogitNormal(@Default("0") double mean, @Default("1") double std) implements TimeDensity {
            public LogitNormal {
                checkArgument(std > 0, "std must be more than 0, but is %s", std);
            }
        }

        record Uniform() implements TimeDensity {}
    }

    /// How much a noise level counts, beside how often it is drawn.
    public sealed interface Weighting {
        record Uniform() implements Weighting {}

        /// sigma^-2
        record SigmaSqrt() implements Weighting {}

        /// 2 / (pi (1 - 2 sigma + 2 sigma^2))
        record Cosmap() implements Weighting {}
    }
}
