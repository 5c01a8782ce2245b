package dev.fusedit.trainer.recipe;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;

@Doc("An exponential moving average (EMA) of the weights: average ← decay · average + (1 − decay) · weight.")
public record Ema(
        @Default("0.999") double decay,
        @Doc("optimizer steps between two updates") @Default("1") int every,
        @Doc("whether the decay begins small, min(decay, (1 + n) / (10 + n)) at update n, so that a short run's average does not remember "
                + "the untrained weights; the paper's reference keeps it constant") @Default("true") boolean warm) {
    public Ema {
        Bound.checkShare("decay", decay);
        Bound.STEPS.check("every", every);
    }
}
