package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.fusion.flow.NoiseRange;
import dev.fusedit.fusion.flow.Solver;
import dev.fusedit.fusion.config.Rules;
import dev.fusedit.trainer.recipe.binding.Names;
import java.util.List;

@Doc("How images are sampled from the model, during training and after it.")
public record Sampling(
        @Doc("how a step goes from one noise level to the next: 'euler'; 'euler-stochastic', which adds fresh noise to the image seen and suits "
                + "models of short training; or of second order 'heun', which asks the network twice a step "
                + "but the last, and 'dpmpp-2m', which asks it once") @Default("euler") Solver solver,
        @Doc("from noise to image") @Default("20") int steps,
        @Doc("1 is none") @Default("3") double guidance,
        @Doc("two noise levels, 0 being the image and 1 noise alone: only above the first and up to the second there is guidance, "
                + "elsewhere half the work (Kynkäänniemi et "
                + "al. 2024 (https://arxiv.org/abs/2404.07724))") @Default("[0, 1]") List<Double> guidanceInterval,
        @Doc("above 1 puts more of the steps where there is much noise and the layout is decided") @Default("1") double shift,
        @Doc("the average that the last stage keeps, 'ema', or what the optimizer has, 'raw'; 'auto' is the average if there "
                + "is one") @Default("auto") Weights weights,
        @Doc("images sampled at once") @Default("48") int batch) {
    public Sampling {
        Bound.SOLVER_STEPS.check("steps", steps);
        Bound.GUIDANCE.check("guidance", guidance);
        checkArgument(guidanceInterval.size() == 2 && NoiseRange.isOne(guidanceInterval.getFirst(), guidanceInterval.getLast()),
                "guidance_interval must be two noise levels with 0 <= low < high <= 1, but is %s", guidanceInterval);
        Bound.SHIFT.check("shift", shift);
        Bound.BATCH.check("batch", batch);
        guidanceInterval = ImmutableList.copyOf(guidanceInterval);
    }

    public enum Weights {
        /// [#EMA] or [#RAW], as the stages have it; decided before the recipe is made.
        AUTO, EMA, RAW;

        /// As options list it.
        @Override
        public String toString() { return Names.constant(this); }
    }

    /// With what was left to the stages decided.
    ///
    /// @param averaged whether the last one keeps an average
    Sampling settled(boolean averaged) {
        if (weights != Weights.AUTO) return this;
        return with(averaged ? Weights.EMA : Weights.RAW);
    }

    Sampling with(Weights other) {
        return Rules.told(() -> new Sampling(solver, steps, guidance, guidanceInterval, shift, other, batch));
    }

    /// The interval as levels.
    public NoiseRange guided() { return new NoiseRange(guidanceInterval.getFirst(), guidanceInterval.getLast()); }
}
