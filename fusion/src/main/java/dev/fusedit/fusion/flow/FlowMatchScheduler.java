package dev.fusedit.fusion.flow;

import static com.google.common.base.Preconditions.checkArgument;

/// Noise levels σ from 1 (noise) down to 0, shifted towards noise: σ' = s σ / (1 + (s − 1) σ) (Esser et al. 2024, section 5.3.2).
///
/// The same numbers as diffusers' `FlowMatchEulerDiscreteScheduler`, whose sampling levels are shifted a second time.
///
/// @param shift s; 1 leaves levels as they are
/// @param levels entries of the training table
/// @param spacing of sampling's levels
public record FlowMatchScheduler(double shift, int levels, Spacing spacing) {
    /// How sampling's levels lie.
    public enum Spacing {
        /// As diffusers has them: from the first to the last training level, shifted a second time. The last step, from 1/1000 to 0, does
        /// next to nothing.
        DIFFUSERS,
        /// From 1 to 0 in equal steps of time, shifted once.
        EVEN
    }

    public FlowMatchScheduler(double shift, int levels) { this(shift, levels, Spacing.DIFFUSERS); }

    /// Levels that lie evenly, with nothing of the reference's habits.
    public static FlowMatchScheduler even(double shift) { return new FlowMatchScheduler(shift, 1000, Spacing.EVEN); }

    public FlowMatchScheduler {
        checkArgument(shift > 0, "shift must be positive, got %s", shift);
        checkArgument(levels > 0, "the number of levels must be positive, got %s", levels);
    }

    public static FlowMatchScheduler shifted(double shift) { return new FlowMatchScheduler(shift, 1000); }

    /// Noise levels and the times that models are told: σ · 1000. Sampling's last level is 0 and has no time.
    public record Table(float[] sigmas, float[] timesteps) {}

    /// Training levels, the noisiest first. Computed in f32, as the reference's table is.
    public Table training() {
        var sigmas = new float[levels];
        var timesteps = new float[levels];
        for (int i = 0; i < levels; i++) {
            sigmas[i] = shifted((float) (levels - i) / levels);
            timesteps[i] = sigmas[i] * levels;
        }
        return new Table(sigmas, timesteps);
    }

    private float shifted(float sigma) { return (float) shift * sigma / (1 + (float) (shift - 1) * sigma); }

    /// `steps` levels, and 0 at the end.
    public Table sampling(int steps) {
        checkArgument(steps > 0, "sampling steps must be positive, got %s", steps);
        return switch (spacing) {
            case DIFFUSERS -> diffusers(steps);
            case EVEN -> evenly(steps);
        };
    }

    private Table evenly(int steps) {
        var sigmas = new float[steps + 1];
        var timesteps = new float[steps];
        for (int i = 0; i < steps; i++) {
            sigmas[i] = shifted((float) (steps - i) / steps);
            timesteps[i] = sigmas[i] * levels;
        }
        return new Table(sigmas, timesteps);
    }

    /// From the table's first level to its last, evenly spaced, shifted again.
    private Table diffusers(int steps) {
        var table = training();
        double first = table.sigmas[0], last = table.sigmas[levels - 1];
        var sigmas = new float[steps + 1];
        var timesteps = new float[steps];
        for (int i = 0; i < steps; i++) {
            var time = steps == 1 ? first * levels : first * levels + i * ((last * levels - first * levels) / (steps - 1));
            var sigma = time / levels;
            sigmas[i] = (float) (shift * sigma / (1 + (shift - 1) * sigma));
            timesteps[i] = sigmas[i] * levels;
        }
        return new Table(sigmas, timesteps);
    }
}
