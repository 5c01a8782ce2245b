package dev.fusedit.trainer.pace;

import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.StagePlan;

/// What training waits for between two steps.
public enum Pause {
    VALIDATION, PREVIEW, EVALUATION, CHECKPOINT;

    /// How often it comes in a stage after so many steps of the run, up to the stage's end.
    ///
    /// @param done steps, over all stages
    long left(Recipe recipe, StagePlan plan, long done) {
        long from = Math.max(done, plan.firstStep());
        long end = plan.endStep();
        if (from >= end) {
            return 0;
        }
        return switch (this) {
            case VALIDATION -> {
                var validation = recipe.evaluation().validation();
                yield validation == null ? 0 : multiples(validation.every(), from, end - 1) + 1; // one ends the stage
            }
            case PREVIEW -> {
                var every = recipe.logging().previewEvery();
                yield every == null || plan.stage().losses().flow() == null ? 0 : multiples(every, from, end - 1);
            }
            case EVALUATION -> {
                var every = recipe.evaluation().every();
                yield every == null || plan.stage().losses().flow() == null ? 0 : multiples(every, from, end - 1) + 1;
            }
            case CHECKPOINT -> {
                var every = recipe.checkpoints().every();
                yield (every == null ? 0 : multiples(every, from, end - 1)) + 1;
            }
        };
    }

    /// Multiples of a number that are above `from` and not above `to`.
    private static long multiples(long of, long from, long to) { return to / of - from / of; }
}
