package dev.fusedit.trainer.stage;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.recipe.RecipeDifference;
import java.util.List;

/// What a run goes on from.
///
/// @param step after which it goes on: the checkpoint's, or the end of a recipe that has become shorter
/// @param ofThisOptimizer whether the checkpoint's optimizer state is of the optimizer that goes on; under a recipe that was changed
///        meanwhile (`--resume force`) it may not be, and is left out
public record Resumption(Checkpoint checkpoint, RunState state, RunFigures figures, long step, boolean ofThisOptimizer) {
    /// @param changed what the recipe says otherwise than the checkpoint's own
    /// @throws UserError if the checkpoint's state cannot be read
    public static Resumption of(Checkpoint checkpoint, List<RecipeDifference> changed, List<StagePlan> plans) {
        var state =
                RunState.parse(CheckpointFiles.text(checkpoint, CheckpointFiles.STATE), checkpoint.file(CheckpointFiles.STATE).toString());
        var figures = RunFigures.parse(CheckpointFiles.text(checkpoint, CheckpointFiles.TIMES),
                checkpoint.file(CheckpointFiles.TIMES).toString());
        boolean sameKind = changed.stream().noneMatch(change -> change.key().equals("stages." + state.stage() + ".optimizer.kind"));
        boolean sameStage = plans.stream().anyMatch(plan -> plan.stage().name().equals(state.stage()) && plan.firstStep() < state.step()
                && state.step() <= plan.endStep());
        return new Resumption(checkpoint, state, figures, Math.min(state.step(), plans.getLast().endStep()), sameKind && sameStage);
    }
}
