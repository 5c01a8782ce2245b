package dev.fusedit.trainer.pace;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.sampling.Showcase;
import dev.fusedit.trainer.stage.StagePlan;
import java.util.List;

/// How fast this machine is at a recipe, in seconds: measured before the first step ([PaceTrial]), since neither later stages nor the
/// images at the end can be told from the steps that are done.
///
/// @param steps of each stage of the recipe
/// @param image to be sampled and scored at the end, one of a batch
/// @param evaluation one by suites on the way, without what their encoders take; 0 where there is none
public record Pace(List<Double> steps, double image, double evaluation) {
    private static final double MOST = 1e6;
    private static final double LEAST_SHARE = 0.25;
    private static final int HALVINGS = 60;

    /// Images of a preview cost more each than those of a full batch.
    private static final double SMALL_BATCH = 1.5;
    /// A validation does the forward third of a step for each image, and reads two texts for each.
    private static final double FORWARD = 0.4;

    public Pace {
        checkArgument(steps.stream().allMatch(seconds -> seconds >= 0) && image >= 0 && evaluation >= 0,
                "times must not be negative, got %s, %s and %s", steps, image, evaluation);
        steps = ImmutableList.copyOf(steps);
    }

    /// Of a recipe that evaluates nothing on the way.
    public Pace(List<Double> steps, double image) { this(steps, image, 0); }

    /// Measured here with the recipe's own model and data, on weights that are built for it and given up. See [PaceTrial#of].
    public static Pace of(Recipe recipe, StepEstimate estimate) { return PaceTrial.of(recipe, estimate); }

    double step(StagePlan plan) { return steps.get(plan.index()); }

    /// A first guess at what a pause takes; 0 where it is small.
    double pause(Pause pause, Recipe recipe, StagePlan plan) {
        return switch (pause) {
            case PREVIEW -> SMALL_BATCH * Showcase.PREVIEW * image;
            case VALIDATION -> recipe.evaluation().validation() == null ? 0
                    : FORWARD * step(plan) * recipe.evaluation().validation().samples() / plan.stage().batch();
            case EVALUATION -> evaluation;
            case CHECKPOINT -> 0; // another thread writes it
        };
    }

    /// The recipe with all stages longer or shorter, so that training, sampling and scoring take so many minutes at this pace.
    ///
    /// Images and scores take the same time whatever is trained. Where they leave less, a quarter of the time is trained nevertheless, and
    /// the whole takes longer.
    ///
    /// @param spent seconds that have gone by before, and count
    public Recipe scaled(Recipe recipe, double minutes, double spent) {
        Run.requireMinutes(minutes);
        double wanted = 60 * minutes - spent - RunForecast.of(recipe, this, 0).images();
        double training = Math.max(wanted, LEAST_SHARE * 60 * minutes);
        double low = Math.log(1 / MOST), high = Math.log(MOST); // the time grows with the factor, in steps
        for (int i = 0; i < HALVINGS; i++) {
            double middle = (low + high) / 2;
            if (RunForecast.of(recipe.scaled(Math.exp(middle), minutes), this, 0).training() <= training) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return recipe.scaled(Math.exp(low), minutes);
    }
}
