package dev.fusedit.trainer.model;

import com.google.common.collect.ImmutableSet;
import dev.fusedit.fusion.dit.DiTConfig;
import dev.fusedit.fusion.dit.DualStreamDiTConfig;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.Fusion;
import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.dit.ImagePositions;
import dev.fusedit.fusion.dit.SharedLayers;
import dev.fusedit.fusion.dit.TextDiTConfig;
import dev.fusedit.fusion.dit.TimeConditioning;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.flow.LossWeighting;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.flow.TimeDensity;
import dev.fusedit.fusion.llm.KnownLanguageModels;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.fusion.vision.KnownClipTexts;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.Losses;
import dev.fusedit.trainer.recipe.Model;
import dev.fusedit.trainer.recipe.Recipe;

/// A recipe's model as the models' configuration.
public final class RecipeModelConfigs {
    /// Deviation of the image side's new embedders, whatever the language model's.
    private static final double IMAGE_INIT_RANGE = 0.02;

    private RecipeModelConfigs() {}

    /// Rows of a language model's table of embeddings.
    public static int vocabulary(LanguageModelRecipe llm) {
        return switch (llm) {
            case LanguageModelRecipe.Custom custom -> switch (custom.tokenizer()) {
                case WORDS -> WordTokenizer.of(BlocksText.words()).size();
            };
            case LanguageModelRecipe.Pretrained named -> KnownLanguageModels.find(named.name()).orElseThrow().vocabulary();
        };
    }

    /// For the largest images of a recipe.
    public static ImageModelConfig of(Recipe recipe) {
        var model = recipe.model();
        return of(model, vocabulary(model.llm()), recipe.largestSide() / model.pixels());
    }

    /// @param vocabulary of the tokenizer; a published language model keeps its own
    /// @param side of the images in pixels (or latents)
    public static ImageModelConfig of(Model model, int vocabulary, int side) {
        var text = TextConfigs.of(model, vocabulary);
        var image = image(model, text, side);
        return switch (model.fusion()) {
            case Model.Fusion.Joint() -> deep(model, text, image, new Fusion.JointSelfAttention());
            case Model.Fusion.Cross() -> deep(model, text, image, new Fusion.CrossAttention());
            case Model.Fusion.GatedJoint() -> deep(model, text, image, new Fusion.GatedJointAttention());
            case Model.Fusion.ShallowJoint(var state) ->
                    new TextDiTConfig(text, image, new Fusion.JointSelfAttention(), text.hidden(), state);
            case Model.Fusion.ShallowCross(var state) -> new TextDiTConfig(text, image, new Fusion.CrossAttention(), text.hidden(), state);
            case Model.Fusion.DualStream(var state, var adapters) -> new DualStreamDiTConfig(text, image, state, adapters);
        };
    }

    private static FuseDiTConfig deep(Model model, LanguageModelConfig text, DiTConfig image, Fusion fusion) {
        var shared =
                model.sharedLayers() == null ? new SharedLayers.All() : new SharedLayers.Some(ImmutableSet.copyOf(model.sharedLayers()));
        return new FuseDiTConfig(text, image, fusion, model.initialLayers(), shared);
    }

    private static DiTConfig image(Model model, LanguageModelConfig text, int side) {
        var dit = model.dit();
        int width = dit.width() == null ? text.hidden() : dit.width();
        int mlpWidth = dit.mlpWidth() == null ? text.intermediate() : dit.mlpWidth();
        return new DiTConfig(width, mlpWidth, dit.layers(), text.heads(), text.kvHeads(), text.headDim(), dit.patch(), model.channels(),
                model.channels(), positions(model.positions(), side / dit.patch(), side), time(model.time()), model.qkNorm(),
                model.sandwichNorm(), pooledText(model), text.ropeTheta(), text.normEps(), IMAGE_INIT_RANGE, false, text.activation());
    }

    private static int pooledText(Model model) {
        return model.clip() == null ? 0 : KnownClipTexts.find(model.clip()).orElseThrow().projection();
    }

    private static ImagePositions positions(Model.Positions positions, int patches, int side) {
        return switch (positions) {
            case Model.Positions.Ape(var table, var sampleSide) -> new ImagePositions.Absolute(table == null ? patches : table,
                    sampleSide == null ? side : sampleSide);
            case Model.Positions.Rope1d() -> new ImagePositions.Rope1d();
            case Model.Positions.Rope2d() -> new ImagePositions.Rope2d();
            case Model.Positions.MRope() -> new ImagePositions.MRope();
        };
    }

    private static TimeConditioning time(Model.Time time) {
        return switch (time) {
            case Model.Time.AdalnZero() -> new TimeConditioning.AdaLnZero();
            case Model.Time.AdalnSingle() -> new TimeConditioning.AdaLnSingle();
            case Model.Time.Addition() -> new TimeConditioning.Addition();
            case Model.Time.None() -> new TimeConditioning.None();
        };
    }

    /// What the network's output means, and in which terms the loss compares.
    public static Prediction prediction(Model.Prediction output, Losses.Flow flow) {
        return switch (output) {
            case VELOCITY -> flow.target() == Model.Prediction.CLEAN ? new Prediction.EdmPreconditioned() : new Prediction.Velocity();
            case CLEAN ->
                    flow.target() == Model.Prediction.CLEAN ? new Prediction.X0() : new Prediction.X0WithVLoss(flow.sigmaFloor());
        };
    }

    public static FlowMatching flow(Model model, Losses.Flow flow, FlowMatchScheduler scheduler) {
        var density = switch (flow.time()) {
            case Losses.TimeDensity.LogitNormal(var mean, var std) -> new TimeDensity.LogitNormal(-mean, std); // there 0 is the noisiest
            case Losses.TimeDensity.Mode(var scale) -> new TimeDensity.Mode(scale);
            case Losses.TimeDensity.Uniform() -> new TimeDensity.Uniform();
        };
        var weighting = switch (flow.weighting()) {
            case Losses.Weighting.Uniform() -> LossWeighting.NONE;
            case Losses.Weighting.SigmaSqrt() -> LossWeighting.SIGMA_SQRT;
            case Losses.Weighting.Cosmap() -> LossWeighting.COSMAP;
        };
        return new FlowMatching(scheduler, density, weighting, prediction(model.prediction(), flow));
    }
}
