package dev.fusedit.trainer.stage;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A recipe with the steps that are to be done of it.
///
/// @param pace of the recipe here; null if it was not measured yet
public record RunLength(Recipe recipe, @Nullable Pace pace) {
    /// The same steps on every machine.
    public static RunLength asWritten(Recipe recipe) { return new RunLength(recipe, null); }

    /// As many steps as this machine does in so many minutes, drawing and scoring included. See [Pace#scaled].
    ///
    /// @param said told what is done meanwhile
    /// @throws UserError if nothing takes so many minutes, or the recipe cannot be trained on here
    public static RunLength measured(Recipe recipe, double minutes, Consumer<String> said) {
        Pace.requireMinutes(minutes);
        said.accept("Measuring how fast this machine is at '%s'".formatted(recipe.run().name()));
        long began = System.nanoTime();
        var pace = Pace.of(recipe);
        return new RunLength(pace.scaled(recipe, minutes, (System.nanoTime() - began) / 1e9), pace);
    }
}
