package dev.fusedit.trainer.optim;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.UserError;
import java.util.Arrays;
import java.util.List;

/// Learning rates over a run by the names and rules of diffusers' `get_scheduler`, so that published recipes mean here what they mean
/// there.
///
/// Notable: a warm-up starts at exactly 0 and its end takes the whole rate; `constant` and `piecewise_constant` have none; a cosine rises
/// again behind the last step; `polynomial` ends at a rate, not at a fraction.
public sealed interface LearningRates {
    /// @param warmup steps in which the rate rises
    /// @param steps of the whole run, the warm-up among them
    /// @param base the highest rate
    record Run(long warmup, long steps, double base) {
        public Run {
            checkArgument(warmup >= 0 && steps >= 0, "steps cannot be negative: %s of warm-up, %s in all", warmup, steps);
            checkArgument(base > 0, "a learning rate must be positive, got %s", base);
        }

        private boolean warmsUpAt(long step) { return step < warmup; }

        private double rise(long step) { return (double) step / Math.max(1, warmup); }

        /// From 0 where the warm-up ends to 1 at the last step.
        private double progress(long step) { return (double) (step - warmup) / Math.max(1, steps - warmup); }
    }

    record Constant() implements LearningRates {}

    record ConstantWithWarmup() implements LearningRates {}

    /// @param pieces in the order of their ends
    /// @param last the factor behind them
    record PiecewiseConstant(List<Piece> pieces, double last) implements LearningRates {
        public PiecewiseConstant {
            pieces = List.copyOf(pieces);
            for (int i = 1; i < pieces.size(); i++) {
                checkArgument(pieces.get(i - 1).end < pieces.get(i).end, "pieces must be in order, but %s is behind %s", pieces.get(i),
                        pieces.get(i - 1));
            }
        }

        /// @param factor of the base rate before step `end`
        public record Piece(double factor, long end) {}

        /// `1:10,0.1:20,0.005`: the base rate before step 10, a tenth of it before step 20, then 0.005 of it.
        public static PiecewiseConstant of(String rules) {
            var parts = rules.split(",", -1);
            try {
                var pieces = Arrays.stream(parts, 0, parts.length - 1).map(PiecewiseConstant::piece)
                        .sorted(java.util.Comparator.comparingLong(Piece::end)).toList();
                return new PiecewiseConstant(pieces, Double.parseDouble(parts[parts.length - 1].strip()));
            } catch (IllegalArgumentException e) { // a number's bad form is one too
                throw new UserError(
                        "step_rules '%s' must be factor:step,…,factor with steps that differ, as in 1:10,0.1:20,0.005".formatted(rules), e);
            }
        }

        private static Piece piece(String rule) {
            var sides = rule.split(":", -1);
            checkArgument(sides.length == 2, "%s is no factor:step", rule);
            return new Piece(Double.parseDouble(sides[0].strip()), Long.parseLong(sides[1].strip()));
        }
    }

    /// Down to 0.
    record Linear() implements LearningRates {}

    /// @param cycles waves of the cosine; half a wave goes down to 0
    record Cosine(double cycles) implements LearningRates {
        public static final double HALF_A_WAVE = 0.5;
    }

    /// @param cycles times that it starts at the base rate and goes down to 0
    record CosineWithRestarts(int cycles) implements LearningRates {
        public CosineWithRestarts {
            checkArgument(cycles > 0, "num_cycles must be positive, got %s", cycles);
        }
    }

    /// @param end the last rate
    record Polynomial(double power, double end) implements LearningRates {
        public static final double USUAL_END = 1e-7;
    }

    /// The rate of an optimizer step.
    ///
    /// @param step from 0
    default double at(long step, Run run) { return run.base * factor(step, run); }

    private double factor(long step, Run run) {
        return switch (this) {
            case Constant() -> 1;
            case PiecewiseConstant(var pieces, var last) ->
                    pieces.stream().filter(piece -> step < piece.end).findFirst().map(PiecewiseConstant.Piece::factor).orElse(last);
            case ConstantWithWarmup() -> run.warmsUpAt(step) ? run.rise(step) : 1;
            case Linear() -> run.warmsUpAt(step) ? run.rise(step)
                    : Math.max(0, (double) (run.steps - step) / Math.max(1, run.steps - run.warmup));
            case Cosine(var cycles) -> run.warmsUpAt(step) ? run.rise(step) : wave(2 * cycles * run.progress(step));
            case CosineWithRestarts(var cycles) -> run.warmsUpAt(step) ? run.rise(step)
                    : run.progress(step) >= 1 ? 0 : wave(cycles * run.progress(step) % 1);
            case Polynomial(var power, var end) -> run.warmsUpAt(step) ? run.rise(step)
                    : step > run.steps ? end / run.base
                    : ((run.base - end) * Math.pow(1 - run.progress(step), power) + end) / run.base;
        };
    }

    /// 1 at 0, 0 at 1.
    private static double wave(double halves) { return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * halves))); }
}
