package dev.fusedit.trainer.recipe;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.trainer.recipe.binding.Default;
import dev.fusedit.trainer.recipe.binding.Named;
import org.jspecify.annotations.Nullable;

/// What a stage minimizes: the weighted sum of those that are named.
public record Losses(@Nullable Flow flow, @Nullable Language language, @Nullable Repa repa, @Nullable Contrastive contrastive) {
    public Losses {
        checkArgument(flow != null || language != null, "flow or language must be given");
        checkArgument(repa == null || flow != null, "repa must come with flow: it aligns what the image side makes of noisy images");
        checkArgument(contrastive == null || flow != null,
                "contrastive must come with flow: it aligns what the image side makes of noisy images");
    }

    /// Flow matching: `noisy = (1 - sigma) picture + sigma noise`, the velocity is `noise - picture`.
    ///
    /// @param shift above 1 moves the drawn noise levels towards noise (the paper: 3)
    /// @param target in which terms prediction and truth are compared; the network's prediction is converted (`clean` for a network that
    ///        predicts the velocity is the reference's preconditioning)
    /// @param sigmaFloor a clean image becomes a velocity by dividing by sigma, but by no less than this
    public record Flow(@Default("1") double weight, @Default("logit-normal") TimeDensity time, @Default("1") double shift,
            @Default("velocity") Model.Prediction target, @Default("uniform") Weighting weighting, @Default("0.05") double sigmaFloor) {
        public Flow {
            positive("weight", weight);
            positive("shift", shift);
            checkArgument(sigmaFloor > 0 && sigmaFloor < 1, "sigma_floor must lie between 0 and 1, but is %s", sigmaFloor);
        }
    }

    /// Next-token prediction, so that the language model keeps (or first learns) its language.
    ///
    /// @param corpus which sentences: the wider text, or the captions of the stage's images
    public record Language(@Default("1") double weight, @Default("text") Corpus corpus) {
        public Language {
            positive("weight", weight);
        }
    }

    public enum Corpus { TEXT, CAPTIONS }

    /// Alignment with a vision encoder: what a layer makes of a noisy image, projected, resembles a frozen teacher's patch features of the
    /// clean image ([REPA](https://arxiv.org/abs/2410.06940)).
    ///
    /// @param layer of the image side whose output is projected, counted from 1
    /// @param width of the projection's two inner layers
    /// @param match how the teacher's grid is brought to the image's
    /// @param untilStep step of the stage at which the loss ends; never if left out ([HASTE](https://arxiv.org/abs/2505.16792))
    public record Repa(@Default("0.5") double weight, Teacher teacher, int layer, @Default("2048") int width,
            @Default("resize-picture") Match match, @Nullable Integer untilStep) {
        public Repa {
            positive("weight", weight);
            checkArgument(layer > 0, "layer must be at least 1, but is %s", layer);
            checkArgument(width > 0, "width must be at least 1, but is %s", width);
            checkArgument(untilStep == null || untilStep > 0, "until_step must be at least 1, but is %s", untilStep);
        }
    }

    public enum Match { RESIZE_PICTURE, INTERPOLATE_FEATURES }

    /// A frozen vision encoder.
    public sealed interface Teacher {
        /// One that `./fusedit train blocks-teacher` made.
        ///
        /// @param path of its run's folder
        record Trained(String path) implements Teacher {}

        /// The same network with its first, random weights: a control.
        record Random(@Default("0") long seed) implements Teacher {}

        /// DINOv2 in Hugging Face's form.
        ///
        /// @param path of its folder
        @Named("dinov2")
        record DinoV2(String path) implements Teacher {}
    }

    /// Alignment of image and caption: pooled image tokens against the language model's pooled caption features, each image with its
    /// own caption against those of the others.
    ///
    /// @param layer of the image side whose output is pooled, counted from 1
    /// @param width of the common space
    /// @param maskedShare share of the batch whose image rows don't see their own text; only these are compared, or the image's features
    ///        could copy the caption through attention
    /// @param maxScale largest factor of the cosines; it is learned, from 1 / 0.07 (infonce) or 10 (siglip) on
    /// @param intoLlm whether the language model learns from it too; else its features are targets under stop-gradient
    public record Contrastive(@Default("0.1") double weight, @Default("infonce") Comparison comparison, int layer,
            @Default("128") int width,
            @Default("0.25") double maskedShare, @Default("100") double maxScale, @Default("global") Negatives negatives,
            @Default("false") boolean intoLlm) {
        public Contrastive {
            positive("weight", weight);
            checkArgument(layer > 0, "layer must be at least 1, but is %s", layer);
            checkArgument(width > 0, "width must be at least 1, but is %s", width);
            checkArgument(maskedShare > 0 && maskedShare <= 1, "masked_share must be more than 0 and at most 1, but is %s", maskedShare);
            checkArgument(maxScale >= 1, "max_scale must be at least 1, but is %s", maxScale);
        }
    }

    public enum Comparison { INFONCE, SIGLIP }

    /// Which other samples an image is told from: the whole batch of a step, or its own micro-batch.
    public enum Negatives { GLOBAL, MICRO }

    /// From which density the noise level sigma of a training image is drawn. More noise is nearer to 1.
    public sealed interface TimeDensity {
        /// sigma = sigmoid(x), x normal: [Stable Diffusion 3](https://arxiv.org/abs/2403.03206), section 3.1.
        record LogitNormal(@Default("0") double mean, @Default("1") double std) implements TimeDensity {
            public LogitNormal {
                checkArgument(std > 0, "std must be more than 0, but is %s", std);
            }
        }

        /// Heavy tails: [Stable Diffusion 3](https://arxiv.org/abs/2403.03206), section 3.1.
        record Mode(@Default("1.29") double scale) implements TimeDensity {}

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

    private static void positive(String key, double value) { checkArgument(value > 0, "%s must be more than 0, but is %s", key, value); }
}
