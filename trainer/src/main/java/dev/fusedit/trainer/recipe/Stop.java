package dev.fusedit.trainer.recipe;

import static dev.fusedit.trainer.recipe.binding.Rules.checkArgument;

import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import org.jspecify.annotations.Nullable;

@Doc("When a stage ends before its steps are done. Rules look at losses, never at the clock: a run must be the same on every machine.")
public record Stop(
        @Doc("ends when the mean loss of the last 'window' steps is below this") @Nullable Double lossBelow,
        @Doc("ends after so many steps without a mean loss that is better by 'improvement'") @Nullable Integer patience,
        @Doc("steps that the mean is taken over") @Default("50") int window,
        @Doc("the share by which a mean must be below the best one before it") @Default("0.001") double improvement) {
    public Stop {
        checkArgument(lossBelow != null || patience != null, "loss_below must be given, or else patience");
        checkArgument(patience == null || patience > 0, "patience must be at least 1, but is %s", patience);
        checkArgument(window > 0, "window must be at least 1, but is %s", window);
        checkArgument(improvement >= 0 && improvement < 1, "improvement must be from 0 to below 1, but is %s", improvement);
    }
}
