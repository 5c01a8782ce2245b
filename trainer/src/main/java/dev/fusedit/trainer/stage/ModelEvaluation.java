package dev.fusedit.trainer.stage;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.fusion.pipeline.PictureDefaults;
import dev.fusedit.fusion.pipeline.PipelineFolder;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.eval.blocks.BlocksScore;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.log.ScoreTable;
import dev.fusedit.trainer.recipe.Evaluation;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// The Blocks score of a saved model, and what its pictures cost: how solvers, steps and guidance are compared.
///
/// @param drawn how
/// @param evaluations passes of the network over each picture; a guided one counts as two
/// @param seconds that drawing and judging took, the model being there
/// @param scores by set
public record ModelEvaluation(PictureDefaults drawn, int evaluations, double seconds, Map<String, BlocksScore> scores) {
    private static final int BLOCKS = 32;

    public ModelEvaluation {
        scores = ImmutableMap.copyOf(scores);
    }

    /// Draws and judges. Unless something is changed, the scores are those that the end of the run came to.
    ///
    /// @param place a run's folder, one of its checkpoints, or a pipeline, which is examined as recipes are that say nothing of it
    /// @param drawing changes how the model draws
    /// @param prompts changes which prompts are drawn
    /// @param console told how far it is
    /// @throws UserError naming what is wrong with the place
    public static ModelEvaluation run(Path place, UnaryOperator<PictureDefaults> drawing, UnaryOperator<Evaluation> prompts,
            ProgressLine console) {
        var usual = PipelineFolder.is(place) ? new Evaluation(List.of(Evaluation.ScoreSet.values()), 48, 0, null)
                : SavedModel.recipe(place).evaluation();
        try (var loaded = DrawingModel.open(place)) {
            return of(loaded, drawing.apply(loaded.defaults()), prompts.apply(usual), console);
        }
    }

    private static ModelEvaluation of(LoadedPipeline model, PictureDefaults drawn, Evaluation evaluation, ProgressLine console) {
        if (drawn.height() != drawn.width() || drawn.width() % BLOCKS != 0) {
            throw new UserError("the model draws %d x %d pixels (height x width), and Blocks is judged on squares of a multiple of %d"
                    .formatted(drawn.height(), drawn.width(), BLOCKS));
        }
        var evaluations = model.pipeline().evaluations(drawn.request(List.of("")));
        var began = System.nanoTime();
        var progress = DrawingProgress.of(console, "score", BlocksEvaluation.images(evaluation));
        var scores = BlocksEvaluation.run(Painter.of(model.drawing(drawn)).watched(progress::add), evaluation);
        return new ModelEvaluation(drawn, evaluations, (System.nanoTime() - began) / 1e9, scores);
    }

    public ObjectNode toJson() {
        var json = JsonNodeFactory.instance.objectNode().put("solver", drawn.solver().toString()).put("steps", drawn.steps())
                .put("guidance", drawn.guidance().factor());
        json.putArray("guidance_interval").add(drawn.guidance().at().low()).add(drawn.guidance().at().high());
        json.put("evaluations", evaluations).put("seconds", Math.round(seconds * 10) / 10.0);
        var sets = json.putObject("blocks");
        scores.forEach((set, score) -> sets.set(set, score.toJson()));
        return json;
    }

    /// The scores, and a line of what they cost.
    @Override
    public String toString() {
        return ScoreTable.text(scores) + "%n%s, %d steps, guidance %s at %s: %d evaluations a picture, %.1f s".formatted(drawn.solver(),
                drawn.steps(), drawn.guidance().factor(), drawn.guidance().at(), evaluations, seconds);
    }
}
