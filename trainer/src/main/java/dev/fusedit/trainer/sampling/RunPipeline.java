package dev.fusedit.trainer.sampling;

import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.Guidance;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.fusion.pipeline.SamplingSettings;
import dev.fusedit.fusion.pipeline.TextToImagePipeline;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.model.Latents;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.model.RecipeModelConfigs;
import dev.fusedit.trainer.recipe.Recipe;

/// A recipe's model as a pipeline. Previews, scores, `sample` and `export` all sample with it, so that they show the same.
public final class RunPipeline {
    private RunPipeline() {}

    /// What a recipe says of sampling.
    public record Sampled(SamplingSettings settings, FlowMatchScheduler scheduler, Prediction prediction) {
        /// @throws UserError if no stage taught the model to generate images
        public static Sampled by(Recipe recipe) {
            var flow = recipe.lastFlow().orElseThrow(() -> new UserError(
                    "recipe '" + recipe.run().name() + "' has no stage with a flow loss: its model does not generate images"));
            var sampling = recipe.sampling();
            var side = recipe.data().imageSize();
            return new Sampled(new SamplingSettings(side, side, sampling.solver(), sampling.steps(),
                    new Guidance(sampling.guidance(), sampling.guided()), sampling.batch(), recipe.model().llm().maxTokens()),
                    FlowMatchScheduler.even(sampling.shift()), RecipeModelConfigs.prediction(recipe.model().prediction(), flow));
        }
    }

    /// Samples as the recipe's `sampling` says; closing it closes the bundle.
    ///
    /// @throws UserError if no stage taught the model to generate images
    public static LoadedPipeline of(Recipe recipe, ModelBundle bundle) {
        var sampled = Sampled.by(recipe);
        var clip = bundle.clip();
        var pipeline = new TextToImagePipeline(bundle.model(), bundle.tokenizer(), clip == null ? null : clip.text(),
                bundle.latents().space(), sampled.scheduler(), sampled.prediction(), false);
        var own = LoadedPipeline.of(pipeline, sampled.settings(), bundle.weights());
        var loaded = switch (bundle.latents()) {
            case Latents.Pixels() -> own;
            case Latents.Encoded encoded -> own.withVae(encoded.weights());
        };
        return clip == null ? loaded : loaded.withClip(clip.weights(), clip.tokenizer(), clip.folder());
    }
}
