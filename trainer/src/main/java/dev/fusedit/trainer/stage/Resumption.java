package dev.fusedit.trainer.stage;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.RecipeDifference;
import java.util.List;

/// What a run goes on from.
///
/// @param plans the stages of the recipe that goes on, as they lie from here: where it differs from the checkpoint's own (`--resume force`),
///        the images and sentences still follow one another
/// @param ofThisOptimizer whether the checkpoint's optimizer state is of the optimizer that goes on; if not it is left out
public record Resumption(Checkpoint checkpoint, RunState state, RunFigures figures, List<StagePlan> plans, boolean ofThisOptimizer) {
    /// @param recipe under which the run goes on
    /// @throws UserError if the checkpoint's state cannot be read
    public static Resumption of(Checkpoint checkpoint, Recipe recipe) {
        var state =
                RunState.parse(CheckpointFiles.text(checkpoint, CheckpointFiles.STATE), checkpoint.file(CheckpointFiles.STATE).toString());
        var figures = RunFigures.of(checkpoint);
        var own = Recipe.parse(CheckpointFiles.text(checkpoint, CheckpointFiles.RECIPE), checkpoint.file(CheckpointFiles.RECIPE).toString(),
                List.of());
        boolean sameKind = RecipeDifference.between(own, recipe).stream()
                .noneMatch(change -> change.key().equals("stages." + state.stage() + ".optimizer.kind"));
        var plans = plans(state, own, recipe);
        boolean sameStage = plans.stream().anyMatch(plan -> plan.stage().name().equals(state.stage()) && plan.firstStep() < state.step()
                && state.step() <= plan.endStep());
        return new Resumption(checkpoint, state, figures, plans, sameKind && sameStage);
    }

    private static List<StagePlan> plans(RunState state, Recipe own, Recipe recipe) {
        var plans = StagePlan.of(recipe);
        var now = state.position();
        var began = state.began() != null ? state.began()
                : StagePlan.of(own).stream().filter(plan -> plan.stage().name().equals(state.stage())).findFirst().orElseThrow().began();
        for (var plan : plans) {
            if (plan.stage().name().equals(state.stage())) {
                boolean asWritten = plan.began().equals(began) && plan.at(now.step()).equals(now) && now.step() <= plan.endStep();
                return asWritten ? plans : StagePlan.goingOn(recipe, plan.index(), began, now);
            }
        }
        var other = plans.stream().filter(plan -> now.step() <= plan.endStep()).findFirst().orElse(plans.getLast()); // by its steps then
        long done = Math.max(0, now.step() - other.firstStep());
        return StagePlan.goingOn(recipe, other.index(),
                new RunPosition(now.step() - done, now.image() - done * StagePlan.images(other.stage()),
                        now.sentence() - done * StagePlan.sentences(other.stage())),
                now);
    }

    /// Steps that are done, over all stages.
    public long step() { return state.step(); }
}
