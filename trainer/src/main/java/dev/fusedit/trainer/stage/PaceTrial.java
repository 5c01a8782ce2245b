package dev.fusedit.trainer.stage;

import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.optim.Moments;
import dev.fusedit.trainer.optim.MovingAverage;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.ArrayList;
import java.util.function.BooleanSupplier;

/// Tries what a run will do and takes the time: steps of each stage up to their gradient, updates of copies, a batch of images. Weights,
/// moments, averages and gradients are afterwards what they were before, and no random number is drawn that a step would miss: all draws are
/// functions of the seed and the step.
///
/// Takes about two seconds for each stage and for the images; where steps are slow four of them, or what is done of those in nine seconds.
final class PaceTrial {
    private static final double SECONDS = 1.5;
    private static final int MOST = 40;

    private final StageParts parts;
    private final Trials trials;

    private PaceTrial(StageParts parts, BooleanSupplier stopped) {
        this.parts = parts;
        trials = new Trials(SECONDS, MOST, stopped);
    }

    /// On weights that are built for it and given up.
    static Pace of(Recipe recipe) {
        var tokenizer = RecipeTokenizers.of(recipe);
        var data = StageParts.data(recipe, tokenizer);
        try (var _ = TensorScope.open();
                var tensors = RunTensors.of(recipe, tokenizer, null)) {
            return of(new StageParts(recipe, data, tensors), 0, () -> false);
        }
    }

    /// On a run's own weights.
    ///
    /// @param done steps of the run; stages that are over are not tried, and have 0
    /// @param stopped asked between two steps: true ends the trial with what there is
    static Pace of(StageParts parts, long done, BooleanSupplier stopped) {
        var trial = new PaceTrial(parts, stopped);
        var weights = parts.tensors().trainee().weights();
        var trainable = weights.trainable().stream().map(parameter -> parameter.name()).toList();
        try {
            var steps = new ArrayList<Double>();
            for (var plan : StagePlan.of(parts.recipe())) {
                boolean isOver = plan.endStep() <= done;
                steps.add(
                        isOver || stopped.getAsBoolean() ? 0 : trial.step(plan, Math.max(0, done - plan.firstStep())));
            }
            return new Pace(steps, stopped.getAsBoolean() ? 0 : new ImageTrial(parts, trial.trials).seconds());
        } finally {
            weights.clearGradients();
            weights.train(trainable::contains);
        }
    }

    /// In the middle of what is left of the stage: layers that thaw and losses that end do so on the way.
    private double step(StagePlan plan, long first) {
        long middle = Math.min((first + plan.steps()) / 2, plan.steps() - 1);
        try (var average = new MovingAverage();
                var moments = new Moments();
                var loop = parts.loop(plan, middle, average, moments)) {
            return trials.atMost(plan.steps() - middle).took(loop::rehearse)
                    + new UpdateTrial(parts, plan, trials).seconds(middle);
        }
    }
}
