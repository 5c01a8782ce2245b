package dev.fusedit.trainer.run;

import dev.fusedit.trainer.pace.Pace;
import dev.fusedit.trainer.pace.StepEstimate;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.report.PlannedUse;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A recipe with the steps that are to be done of it, and how long that takes here.
///
/// @param pace of the recipe here; null if it was not measured yet
/// @param estimate of steps that are too long to be tried
/// @param plan what it takes, if that was computed
public record RunLength(Recipe recipe, @Nullable Pace pace, StepEstimate estimate, Optional<PlannedUse> plan) {
    public RunLength(Recipe recipe, @Nullable Pace pace, StepEstimate estimate) { this(recipe, pace, estimate, Optional.empty()); }

    /// The same steps on every machine, all of them tried; what is left to the machine is decided.
    public static RunLength asWritten(Recipe recipe) { return asWritten(AutoSettings.settle(recipe), StepEstimate.NONE); }

    /// The same steps on every machine.
    public static RunLength asWritten(Recipe recipe, StepEstimate estimate) { return new RunLength(recipe, null, estimate); }

    public RunLength planned(PlannedUse use) { return new RunLength(recipe, pace, estimate, Optional.of(use)); }

    /// As many steps as this machine does in so many minutes, sampling and scoring included. See [Pace#scaled].
    ///
    /// @param tried the recipe as one of several processes does it, which is tried here; else the same
    /// @param said told what is done meanwhile
    /// @throws dev.fusedit.torch.UserError if nothing takes so many minutes, or the recipe cannot be trained on here
    public static RunLength measured(Recipe recipe, Recipe tried, StepEstimate estimate, double minutes, Consumer<String> said) {
        Run.requireMinutes(minutes);
        said.accept("Measuring how fast this machine is at '%s'".formatted(recipe.run().name()));
        long began = System.nanoTime();
        var pace = Pace.of(tried, estimate);
        return new RunLength(pace.scaled(recipe, minutes, (System.nanoTime() - began) / 1e9), pace, estimate);
    }
}
