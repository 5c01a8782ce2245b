package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;

@Doc("Gradient spikes: steps whose gradient norm is far above the running median are skipped, or scaled down to it.")
public record GradientSpikes(
        @Doc("how many times the median norm of the last 'window' steps is far larger") @Default("10") double over,
        @Doc("steps that the median is taken over; until there are so many, nothing is done") @Default("64") int window,
        @Default("skip") Action action) {
    public GradientSpikes {
        checkArgument(over > 1, "over must be more than 1, but is %s", over);
        Bound.POSITIVE.check("over", over);
        checkArgument(window > 1, "window must be at least 2, but is %s", window);
        Bound.BATCH.check("window", window);
    }

    public enum Action { SKIP, SHRINK }
}
