package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import org.jspecify.annotations.Nullable;

@Doc("When a stage ends before its steps are done. Rules look at losses, never at the clock: a run must be the same on every machine. "
        + "On a GPU they see a step's loss one step later.")
public record Stop(
        @Doc("ends when the mean loss of the last 'window' steps is below this") @Nullable Double lossBelow,
        @Doc("ends after so many steps without a mean loss that is better by 'improvement'") @Nullable Integer patience,
        @Doc("steps that the mean is taken over") @Default("50") int window,
        @Doc("the share by which a mean must be below the best one before it") @Default("0.001") double improvement) {
    public Stop {
        checkArgument(lossBelow == null || Bound.isMeaningful(lossBelow), "loss_below must be a number of single precision, but is %s",
                lossBelow);
        checkArgument(lossBelow != null || patience != null, "loss_below must be given, or else patience");
        Bound.STEPS.check("patience", patience);
        Bound.BATCH.check("window", window);
        Bound.checkShare("improvement", improvement);
    }
}
