package dev.fusedit.trainer.step;

import com.google.common.collect.ImmutableSet;
import dev.fusedit.trainer.optim.RateSchedule;
import dev.fusedit.trainer.recipe.Ema;
import dev.fusedit.trainer.recipe.GradientSpikes;
import dev.fusedit.trainer.recipe.OptimizerRecipe;
import dev.fusedit.trainer.recipe.Run;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// How gradients change weights in the steps of a stage.
///
/// @param stage its name, for errors
/// @param firstStep global number of its first step
/// @param schedule of the learning rates, over its own steps
/// @param highestRate of all its learning rates
/// @param gradClip largest norm of the whole gradient; none if null
/// @param spikes what is done with huge gradients; nothing if null
/// @param ema none is kept if null
/// @param decayedWithoutGradient names of parameters that decay even in steps without a gradient of theirs
/// @param seed of the run
public record UpdateRule(String stage, long firstStep, RateSchedule schedule, double highestRate, OptimizerRecipe optimizer,
        @Nullable Double gradClip, @Nullable GradientSpikes spikes, @Nullable Ema ema, Set<String> decayedWithoutGradient,
        Run.Precision precision, long seed) {
    public UpdateRule {
        decayedWithoutGradient = ImmutableSet.copyOf(decayedWithoutGradient);
    }

    /// What remains of the highest learning rate at a step of the stage, counted from 0.
    public double share(long step) { return highestRate == 0 ? 0 : schedule.at(highestRate, step) / highestRate; }
}
