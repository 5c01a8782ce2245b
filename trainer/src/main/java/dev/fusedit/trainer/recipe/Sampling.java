package dev.fusedit.trainer.recipe;

import static com.google.common.base.Preconditions.checkArgument;

/// How pictures are drawn from the model, during training and after it.
///
/// @param steps of Euler's method from noise to picture
/// @param guidance 1 is none
/// @param shift above 1 puts more of the steps where there is much noise and the layout is decided
/// @param batch pictures drawn at once
public record Sampling(@Default("20") int steps, @Default("3") double guidance, @Default("1") double shift, @Default("ema") Weights weights,
        @Default("48") int batch) {
    public Sampling {
        checkArgument(steps > 0, "steps must be at least 1, but is %s", steps);
        checkArgument(guidance >= 1, "guidance must be at least 1 (1 is none), but is %s", guidance);
        checkArgument(shift > 0, "shift must be more than 0, but is %s", shift);
        checkArgument(batch > 0, "batch must be at least 1, but is %s", batch);
    }

    public enum Weights { EMA, RAW }
}
