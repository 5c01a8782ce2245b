package dev.fusedit.trainer.optim;

import static com.google.common.base.Preconditions.checkArgument;

/// What an f16 model's loss is multiplied by, so that small gradients don't vanish below f16's least number
/// ([Micikevicius et al. 2018](https://arxiv.org/abs/1710.03740), section 3.2). A step whose gradients overflow is left out and halves the
/// factor; 2,000 good steps in a row double it. Factors are powers of two: scaling and unscaling lose no bit.
///
/// @param factor of the loss
/// @param good steps since the factor was last changed or a step was left out
/// @param bad steps left out in a row
public record LossScale(double factor, int good, int bad) {
    static final int GOOD_STEPS = 2000;

    /// From so many steps left out in a row on, it is not the scale that is wrong.
    public static final int HOPELESS = 20;

    public static final LossScale FIRST = new LossScale(65_536, 0, 0);

    public LossScale {
        checkArgument(factor > 0 && Double.isFinite(factor), "a loss scale is more than 0 and finite, not %s", factor);
        checkArgument(good >= 0 && bad >= 0, "steps are counted from 0, not %s and %s", good, bad);
    }

    /// After a step whose gradients were finite.
    public LossScale afterGood() { return good + 1 == GOOD_STEPS ? new LossScale(2 * factor, 0, 0) : new LossScale(factor, good + 1, 0); }

    /// After a step that was left out.
    public LossScale afterBad() { return new LossScale(factor / 2, 0, bad + 1); }

    public boolean isHopeless() { return bad >= HOPELESS; }
}
