package dev.fusedit.fusion.flow;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.fusion.config.Bound;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/// The noise schedule: noise levels σ from 1 (noise) down to 0, shifted towards noise.
///
/// The same numbers as diffusers' `FlowMatchEulerDiscreteScheduler` (0.32.0), whose sampling levels are shifted a second time where the
/// shift is fixed.
///
/// @param levels entries of the training table
/// @param spacing of sampling's levels
/// @param curve what sampling's levels are laid on after the shift
/// @param terminal where sampling's last level before the end is to lie, the others stretched with it; 0 to leave them
/// @param inverted true for models in whose terms noise is 0 and the image 1: sampling's levels are 1 − σ
public record FlowMatchScheduler(Shift shift, int levels, Spacing spacing, Curve curve, double terminal, boolean inverted) {
    private static final double RHO = 7; // Karras et al. 2022, equation 5

    /// How sampling's levels lie before the shift.
    public enum Spacing {
        /// As diffusers has them: from the first to the last training level. The last step, from 1/1000 to 0, does next to nothing.
        DIFFUSERS,
        /// From 1 to 0 in equal steps of time.
        EVEN
    }

    /// What keeps only the first and the last of the shifted levels, and lays the others anew between them.
    public enum Curve {
        /// The levels stay.
        NONE,
        /// Even steps in σ^(1/7) (Karras et al. 2022).
        KARRAS,
        /// Even steps in log σ.
        EXPONENTIAL
    }

    public FlowMatchScheduler {
        checkArgument(levels > 0, "the number of levels must be positive, got %s", levels);
        Bound.SOLVER_STEPS.check("num_train_timesteps", levels);
        checkArgument(terminal >= 0 && terminal < 1, "shift_terminal must be at least 0 and below 1, got %s", terminal);
    }

    public FlowMatchScheduler(Shift shift, int levels, Spacing spacing) { this(shift, levels, spacing, Curve.NONE, 0, false); }

    public FlowMatchScheduler(double shift, int levels) { this(new Shift.Fixed(shift), levels, Spacing.DIFFUSERS); }

    public static FlowMatchScheduler shifted(double shift) { return new FlowMatchScheduler(shift, 1000); }

    /// Levels that lie evenly, with nothing of the reference's habits.
    public static FlowMatchScheduler even(double shift) { return new FlowMatchScheduler(new Shift.Fixed(shift), 1000, Spacing.EVEN); }

    /// For images of one size.
    ///
    /// @param tokens of an image: patches of latents
    public FlowMatchScheduler sized(int tokens) {
        return switch (shift) {
            case Shift.Dynamic dynamic -> of(dynamic.at(tokens));
            case Shift.Fixed _ -> this;
            case Shift.OfSize _ -> this;
        };
    }

    /// The same with another shift.
    public FlowMatchScheduler of(Shift other) { return new FlowMatchScheduler(other, levels, spacing, curve, terminal, inverted); }

    /// Noise levels and the times that models are told: σ · 1000. Sampling's last level is the end's and has no time.
    public record Table(float[] sigmas, float[] timesteps) {}

    /// Training levels, the noisiest first. Computed in f32, as the reference's table is.
    public Table training() {
        var sigmas = new float[levels];
        var timesteps = new float[levels];
        for (int i = 0; i < levels; i++) {
            var sigma = (float) (levels - i) / levels;
            sigmas[i] = switch (shift) {
                case Shift.Fixed fixed -> fixed.applied(sigma);
                case Shift.Dynamic _ -> sigma;
                case Shift.OfSize _ -> sigma;
            };
            timesteps[i] = sigmas[i] * levels;
        }
        return new Table(sigmas, timesteps);
    }

    /// `steps` levels, and the end: 0, or 1 where they are inverted.
    ///
    /// @throws IllegalArgumentException if the shift depends on the images' size; see [#sized]
    public Table sampling(int steps) {
        checkArgument(steps > 0, "sampling steps must be positive, got %s", steps);
        var exact = curved(stretched(shifted(steps)));
        var sigmas = new float[steps + 1];
        var timesteps = new float[steps];
        for (int i = 0; i < steps; i++) {
            sigmas[i] = inverted ? 1 - (float) exact[i] : (float) exact[i];
            timesteps[i] = sigmas[i] * levels;
        }
        sigmas[steps] = inverted ? 1 : 0;
        return new Table(sigmas, timesteps);
    }

    private double[] shifted(int steps) {
        return switch (spacing) {
            case DIFFUSERS -> {
                var table = training().sigmas;
                yield line((double) table[0] * levels, (double) table[levels - 1] * levels, steps, time -> shift.applied(time / levels));
            }
            case EVEN -> line(1, 1.0 / steps, steps, sigma -> shift.applied((float) sigma));
        };
    }

    /// A single level has no distance to the end that could be stretched.
    private double[] stretched(double[] sigmas) {
        var last = 1 - sigmas[sigmas.length - 1];
        return terminal == 0 || last == 0 ? sigmas
                : Arrays.stream(sigmas).map(sigma -> 1 - (1 - sigma) / (last / (1 - terminal))).toArray();
    }

    private double[] curved(double[] sigmas) {
        double first = sigmas[0], last = sigmas[sigmas.length - 1];
        return switch (curve) {
            case NONE -> sigmas;
            case KARRAS -> line(Math.pow(first, 1 / RHO), Math.pow(last, 1 / RHO), sigmas.length, root -> Math.pow(root, RHO));
            case EXPONENTIAL -> line(Math.log(first), Math.log(last), sigmas.length, Math::exp);
        };
    }

    private static double[] line(double first, double last, int count, DoubleUnaryOperator then) {
        var values = new double[count];
        Arrays.setAll(values, i -> then.applyAsDouble(i == 0 ? first : i == count - 1 ? last : first + i * ((last - first) / (count - 1))));
        return values;
    }
}
