package dev.fusedit.trainer.optim;

import dev.fusedit.trainer.recipe.Schedule;
import java.util.Objects;

/// Learning rates over a stage.
///
/// @param warmUp steps in which they rise
/// @param steps of the stage, the warm-up among them
public record RateSchedule(Schedule schedule, long warmUp, long steps) {
    /// The rate at a step, counted from 0, of a group whose highest rate is `base`.
    public double at(double base, long step) {
        return switch (schedule) {
            case Schedule.Constant() -> base * warmed(step, 1);
            case Schedule.Linear(var last) -> base * warmed(step, 1 - (1 - last) * progress(step));
            case Schedule.Cosine(var last) -> base * warmed(step, last + (1 - last) * 0.5 * (1 + Math.cos(Math.PI * progress(step))));
            case Schedule.Diffusers named -> ofDiffusers(named).at(step, new LearningRates.Run(warmUp, steps, base));
        };
    }

    /// Rises to the whole rate, which comes in the step after the warm-up; no step of it is without any.
    private double warmed(long step, double after) { return step < warmUp ? (step + 1.0) / (warmUp + 1.0) : after; }

    /// From 0 (the warm-up has ended) to 1 (the last step).
    private double progress(long step) {
        long left = steps - warmUp;
        return left <= 1 ? 1 : (step - warmUp) / (left - 1.0);
    }

    private static LearningRates ofDiffusers(Schedule.Diffusers named) {
        return switch (named.name()) {
            case CONSTANT -> new LearningRates.Constant();
            case CONSTANT_WITH_WARMUP -> new LearningRates.ConstantWithWarmup();
            case PIECEWISE_CONSTANT -> LearningRates.PiecewiseConstant.of(Objects.requireNonNull(named.rules()));
            case LINEAR -> new LearningRates.Linear();
            case COSINE -> new LearningRates.Cosine(Objects.requireNonNullElse(named.cycles(), LearningRates.Cosine.HALF_A_WAVE));
            case COSINE_WITH_RESTARTS ->
                    new LearningRates.CosineWithRestarts(Objects.requireNonNullElse(named.cycles(), 1.0).intValue());
            case POLYNOMIAL -> new LearningRates.Polynomial(named.power(), named.end());
        };
    }
}
