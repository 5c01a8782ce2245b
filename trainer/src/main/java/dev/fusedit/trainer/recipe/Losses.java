package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.fusion.config.Named;
import dev.fusedit.fusion.flow.LossWeighting;
import dev.fusedit.fusion.flow.TimeDensity;
import org.jspecify.annotations.Nullable;

@Doc("What a stage minimizes: the weighted sum of those that are named.")
public record Losses(@Nullable Flow flow, @Nullable Language language, @Nullable Repa repa, @Nullable Contrastive contrastive) {
    public Losses {
        checkArgument(flow != null || language != null, "flow or language must be given");
        checkArgument(repa == null || flow != null, "repa must come with flow: it aligns what the image side makes of noisy images");
        checkArgument(contrastive == null || flow != null,
                "contrastive must come with flow: it aligns what the image side makes of noisy images");
    }

    @Doc("Flow matching: 'noisy = (1 - sigma) picture + sigma noise', the velocity is 'noise - picture'.")
    public record Flow(
            @Default("1") double weight,
            @Default("logit-normal") TimeDensity time,
            @Doc("above 1 moves the drawn noise levels towards noise (the paper: 3). Of logit-normal levels a shift s moves the mean by ln s "
                    + "and does nothing else") @Default("1") double shift,
            @Doc("in which terms prediction and truth are compared; the network's prediction is converted ('clean' for a network that "
                    + "predicts the velocity is the reference's preconditioning)") @Default("velocity") Model.Prediction target,
            @Default("uniform") LossWeighting weighting,
            @Doc("a clean image becomes a velocity by dividing by sigma, but by no less than this") @Default("0.05") double sigmaFloor) {
        public Flow {
            positive("weight", weight);
            Bound.SHIFT.check("shift", shift);
            checkArgument(sigmaFloor > 0 && sigmaFloor < 1, "sigma_floor must lie between 0 and 1, but is %s", sigmaFloor);
            Bound.DEVIATION.check("sigma_floor", sigmaFloor);
        }
    }

    @Doc("Next-token prediction, so that the language model keeps (or first learns) its language.")
    public record Language(
            @Default("1") double weight,
            @Doc("which sentences: the wider text, or the captions of the stage's images") @Default("text") Corpus corpus) {
        public Language {
            positive("weight", weight);
        }
    }

    public enum Corpus { TEXT, CAPTIONS }

    @Doc("Alignment with a vision encoder: what a layer makes of a noisy image, projected, resembles a frozen teacher's patch features of "
            + "the clean image (REPA (https://arxiv.org/abs/2410.06940)).")
    public record Repa(
            @Default("0.5") double weight,
            Teacher teacher,
            @Doc("of the image side whose output is projected, counted from 1") int layer,
            @Doc("of the projection's two inner layers") @Default("2048") int width,
            @Doc("how the teacher's grid is brought to the image's") @Default("resize-picture") Match match,
            @Doc("step of the stage at which the loss ends; never if left "
                    + "out (HASTE (https://arxiv.org/abs/2505.16792))") @Nullable Integer untilStep) {
        public Repa {
            positive("weight", weight);
            Bound.LAYERS.check("layer", layer);
            Bound.WIDTH.check("width", width);
            Bound.STEPS.check("until_step", untilStep);
        }
    }

    public enum Match { RESIZE_PICTURE, INTERPOLATE_FEATURES }

    /// A frozen vision encoder.
    public sealed interface Teacher {
        @Doc("One that './fusedit train blocks-teacher' made.")
        record Trained(
                @Doc("of its run's folder") String path) implements Teacher {
            public Trained {
                PathText.check("path", path);
            }
        }

        @Doc("The same network with its first, random weights: a control.")
        record Random(@Default("0") long seed) implements Teacher {}

        @Doc("DINOv2 in Hugging Face's form.")
        @Named("dinov2")
        record DinoV2(
                @Doc("of its folder") String path) implements Teacher {
            public DinoV2 {
                PathText.check("path", path);
            }
        }
    }

    @Doc("Alignment of image and caption: pooled image tokens against the language model's pooled caption features, each image with its "
            + "own caption against those of the others.")
    public record Contrastive(
            @Default("0.1") double weight,
            @Default("infonce") Comparison comparison,
            @Doc("of the image side whose output is pooled, counted from 1") int layer,
            @Doc("of the common space") @Default("128") int width,
            @Doc("share of the batch whose image rows don't see their own text; only these are compared, or the image's features could "
                    + "copy the caption through attention") @Default("0.25") double maskedShare,
            @Doc("largest factor of the cosines; it is learned, from 1 / 0.07 (infonce) or 10 (siglip) on") @Default("100") double maxScale,
            @Default("global") Negatives negatives,
            @Doc("whether the language model learns from it too; else its features are "
                    + "targets under stop-gradient") @Default("false") boolean intoLlm) {
        public Contrastive {
            positive("weight", weight);
            Bound.LAYERS.check("layer", layer);
            Bound.WIDTH.check("width", width);
            Bound.POSITIVE.check("masked_share", maskedShare);
            checkArgument(maskedShare <= 1, "masked_share must be at most 1, but is %s", maskedShare);
            checkArgument(maxScale >= 1, "max_scale must be at least 1, but is %s", maxScale);
            Bound.SHIFT.check("max_scale", maxScale);
        }
    }

    public enum Comparison { INFONCE, SIGLIP }

    /// Which other samples an image is told from: the whole batch of a step, or its own micro-batch.
    public enum Negatives { GLOBAL, MICRO }

    private static void positive(String key, double value) { Bound.POSITIVE.check(key, value); }
}
