package dev.fusedit.fusion.flow;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.Tensors;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// How a step goes from one noise level to the next. Errors of a first-order solver halve with twice the steps, those of a second-order one
/// are quartered; what a step costs is how often it asks for the velocity.
public enum Solver {
    /// A straight line along the velocity: first order, asks once.
    EULER,

    /// To the image seen, and back to the next level by fresh noise: x ← (1 − σ_next) image + σ_next ε. What a step saw wrongly is noise to the next
    /// one, which sees anew, so errors of a model that is not trained to its end do not add up. Asks once. (diffusers'
    /// `FlowMatchEulerDiscreteScheduler` with `stochastic_sampling`; Song et al. 2023, arXiv 2303.01469, algorithm 1.)
    ///
    /// Notable: it does not follow the equation, and more steps do not bring it nearer to it. The image seen is the mean of all that may be meant,
    /// so images vary less than those that were learned.
    EULER_STOCHASTIC,

    /// Along the mean of the velocities at both ends, the far one found by Euler's step: second order, asks twice. The last step is
    /// Euler's, since at the image there is no noise left to ask about: N steps ask 2N − 1 times (Karras et al. 2022, algorithm 1).
    HEUN,

    /// DPM-Solver++ (2M) (Lu et al. 2022, arXiv 2211.01095, algorithm 2): goes on from the image seen, led further the way in which it has
    /// changed since the step before. Second order, asks once.
    ///
    /// With α = 1 − σ the paper's step to the level t, from s and before it r, is
    ///
    ///     x_t = σ_t/σ_s x + (1 − σ_t/σ_s) D,   D = image_s + (λ_t − λ_s) / 2 (λ_s − λ_r) (image_s − image_r)
    ///
    /// and with D = image_s alone it is Euler's. That is left of it in the first step; in the second, if the first began at noise alone,
    /// where λ_r = −∞; and in the last, where λ_t = ∞ and the image seen is where the step arrives. It is so too where λ grows by more than
    /// twice what it grew by before, further than the change can be led: levels that are spaced as diffusers' end with such a step, to σ =
    /// 1/1000, and taken at second order it makes eight steps worse than Euler's (`SolverTest`).
    DPMPP_2M;

    private static final double FURTHEST = 1;

    /// Where a step has come to.
    ///
    /// @param image as it was last seen; null for solvers that do not need it
    record State(Tensor x, @Nullable Tensor image) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return image == null ? Stream.of(x) : Stream.of(x, image); }
    }

    /// @param i the step, from level i to i + 1
    /// @return new tensors
    State step(FlowOde ode, State now, int i) {
        var velocity = ode.velocity(now.x(), i);
        var straight = ode.along(now.x(), velocity, i);
        return switch (this) {
            case EULER -> new State(straight, null);
            case EULER_STOCHASTIC -> {
                var image = ode.image(now.x(), velocity, i);
                double noise = ode.noise(i + 1);
                yield new State(ode.isLast(i) ? straight : image.mul(1 - noise).add(ode.fresh().at(i).mul(noise)), image);
            }
            case HEUN -> new State(ode.isLast(i) ? straight
                    : ode.along(now.x(), velocity.add(ode.velocity(straight, i + 1)).mul(0.5), i), null);
            case DPMPP_2M -> {
                var image = ode.image(now.x(), velocity, i);
                var further = further(ode, i);
                yield new State(further == 0 ? straight
                        : straight.add(image.sub(Objects.requireNonNull(now.image())).mul(further)), image);
            }
        };
    }

    /// The image that step i went towards: straight on to the end; where it added noise, the image that it saw.
    Tensor towards(FlowOde ode, State before, State after, int i) {
        if (isStochastic()) return Objects.requireNonNull(after.image()).copy();
        double reach = ode.reach(i);
        return Double.isFinite(reach) ? before.x().add(after.x().sub(before.x()).mul(reach)) : after.x().copy();
    }

    /// Whether steps add noise, so that images do not follow from what they began with alone.
    public boolean isStochastic() { return this == EULER_STOCHASTIC; }

    /// The levels at which a step asks for the velocity.
    IntStream asksAt(int step, int steps) {
        return switch (this) {
            case EULER -> IntStream.of(step);
            case EULER_STOCHASTIC -> IntStream.of(step);
            case HEUN -> step == steps - 1 ? IntStream.of(step) : IntStream.of(step, step + 1);
            case DPMPP_2M -> IntStream.of(step);
        };
    }

    /// What the change of the image seen is multiplied by. Levels that lie on each other have no change between them.
    private static double further(FlowOde ode, int i) {
        if (i == 0 || ode.isLast(i)) {
            return 0;
        }
        double reach = (ode.lambda(i + 1) - ode.lambda(i)) / (2 * (ode.lambda(i) - ode.lambda(i - 1)));
        return reach > 0 && reach <= FURTHEST ? (1 - ode.noise(i + 1) / ode.noise(i)) * reach : 0;
    }

    /// As it is written on the command line and in recipes.
    @Override
    public String toString() { return name().toLowerCase(Locale.ROOT).replace('_', '-'); }
}
