package dev.fusedit.trainer.eval;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.fusion.pipeline.PipelineFolder;
import dev.fusedit.fusion.pipeline.SamplingSettings;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.eval.blocks.BlocksScore;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.model.SavedModel;
import dev.fusedit.trainer.recipe.Evaluation;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.sampling.ImageSampler;
import dev.fusedit.trainer.sampling.SamplingModel;
import dev.fusedit.trainer.sampling.SamplingProgress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// The Blocks score of a saved model, and what its images cost: how solvers, steps and guidance are compared.
///
/// @param sampled how
/// @param evaluations passes of the network over each image; a guided one counts as two
/// @param seconds that sampling and judging took, the model being there
/// @param scores by set
public record ModelEvaluation(SamplingSettings sampled, int evaluations, double seconds, Map<String, BlocksScore> scores) {
    private static final int BLOCKS = 32;

    public ModelEvaluation {
        scores = ImmutableMap.copyOf(scores);
    }

    /// Samples and judges. Unless something is changed, the scores are those that the end of the run came to.
    ///
    /// @param place a run's folder, one of its checkpoints, or a pipeline, which is examined as recipes are that say nothing of it
    /// @param sampling changes how the model samples
    /// @param prompts changes which prompts are sampled
    /// @param console told how far it is
    /// @throws UserError naming what is wrong with the place
    public static ModelEvaluation run(Path place, UnaryOperator<SamplingSettings> sampling, UnaryOperator<Evaluation> prompts,
            ProgressLine console) {
        var usual = PipelineFolder.is(place) ? new Evaluation(List.of(Evaluation.ScoreSet.values()), 48, 0, null)
                : usual(SavedModel.recipe(place));
        try (var loaded = SamplingModel.open(place)) {
            return of(loaded, sampling.apply(loaded.defaults()), prompts.apply(usual), console);
        }
    }

    /// As the end of the run does; a model of other data is examined in all sets.
    private static Evaluation usual(Recipe recipe) {
        var own = recipe.evaluation();
        return recipe.data().isBuiltIn() ? own
                : new Evaluation(List.of(Evaluation.ScoreSet.values()), own.promptsPerKind(), own.seed(), null);
    }

    private static ModelEvaluation of(LoadedPipeline model, SamplingSettings sampled, Evaluation evaluation, ProgressLine console) {
        if (sampled.height() != sampled.width() || sampled.width() % BLOCKS != 0) {
            throw new UserError("the model samples %d x %d pixels (height x width), and Blocks is judged on squares of a multiple of %d"
                    .formatted(sampled.height(), sampled.width(), BLOCKS));
        }
        var evaluations = model.pipeline().evaluations(sampled.request(List.of("")));
        var began = System.nanoTime();
        var progress = SamplingProgress.of(console, "score", BlocksEvaluation.images(evaluation));
        var scores = BlocksEvaluation.run(ImageSampler.of(model.sampling(sampled)).watched(progress::add), evaluation);
        return new ModelEvaluation(sampled, evaluations, (System.nanoTime() - began) / 1e9, scores);
    }

    public ObjectNode toJson() {
        var json = JsonNodeFactory.instance.objectNode().put("solver", sampled.solver().toString()).put("steps", sampled.steps())
                .put("guidance", sampled.guidance().factor());
        json.putArray("guidance_interval").add(sampled.guidance().at().low()).add(sampled.guidance().at().high());
        json.put("evaluations", evaluations).put("seconds", Math.round(seconds * 10) / 10.0);
        var sets = json.putObject("blocks");
        scores.forEach((set, score) -> sets.set(set, score.toJson()));
        return json;
    }

    /// The scores, and a line of what they cost.
    @Override
    public String toString() {
        return ScoreTable.text(scores) + "%n%s, %d steps, guidance %s at %s: %d evaluations an image, %.1f s".formatted(sampled.solver(),
                sampled.steps(), sampled.guidance().factor(), sampled.guidance().at(), evaluations, seconds);
    }
}
