package dev.fusedit.trainer.stage;

import dev.fusedit.fusion.dit.DiTConfig;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.Fusion;
import dev.fusedit.fusion.dit.ImagePositions;
import dev.fusedit.fusion.dit.SharedLayers;
import dev.fusedit.fusion.dit.TimeConditioning;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.flow.LossWeighting;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.flow.TimeDensity;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.trainer.recipe.Losses;
import dev.fusedit.trainer.recipe.Model;

/// From what a recipe says to what the models take.
final class ModelConfigs {
    private ModelConfigs() {}

    /// @param side of the pictures in pixels (or latents)
    static FuseDiTConfig of(Model model, int vocabulary, int side) {
        var usual = LanguageModelConfig.gemma(vocabulary, model.llm().width(), model.llm().mlpWidth(), model.llm().layers(),
                model.llm().heads(),
                model.llm().kvHeads(), model.llm().headWidth());
        var text = usual.withInitRange(model.llm().initRange());
        var dit = model.dit();
        var image = new DiTConfig(dit.width(), dit.mlpWidth(), dit.layers(), text.heads(), text.kvHeads(), text.headDim(), dit.patch(),
                dit.channels(),
                dit.channels(), positions(model.positions(), side / dit.patch(), side), time(model.time()), model.qkNorm(),
                model.sandwichNorm(), 0,
                usual.ropeTheta(), usual.normEps(), usual.initRange(), false);
        return new FuseDiTConfig(text, image, fusion(model.fusion()), 0, new SharedLayers.All());
    }

    private static Fusion fusion(Model.Fusion fusion) {
        return switch (fusion) {
            case Model.Fusion.Joint() -> new Fusion.JointSelfAttention();
            case Model.Fusion.Cross() -> new Fusion.CrossAttention();
        };
    }

    private static ImagePositions positions(Model.Positions positions, int patches, int side) {
        return switch (positions) {
            case Model.Positions.Ape() -> new ImagePositions.Absolute(patches, side);
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
    static Prediction prediction(Model.Prediction output, Losses.Flow flow) {
        return switch (output) {
            case VELOCITY -> flow.target() == Model.Prediction.CLEAN ? new Prediction.Preconditioned() : new Prediction.Velocity();
            case CLEAN ->
                    flow.target() == Model.Prediction.CLEAN ? new Prediction.Denoised() : new Prediction.CleanPicture(flow.sigmaFloor());
        };
    }

    static FlowMatching flow(Model model, Losses.Flow flow, FlowMatchScheduler scheduler) {
        var density = switch (flow.time()) {
            case Losses.TimeDensity.LogitNormal(var mean, var std) -> new TimeDensity.LogitNormal(-mean, std); // there 0 is the noisiest
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
