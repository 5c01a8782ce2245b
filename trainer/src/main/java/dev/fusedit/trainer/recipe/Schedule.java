package dev.fusedit.trainer.recipe;

import static com.google.common.base.Preconditions.checkArgument;

/// How the learning rate goes from the end of the warm-up to the end of the stage, as a fraction of itself.
public sealed interface Schedule {
    /// @param progress from 0 (the warm-up has ended) to 1 (the stage ends)
    double factor(double progress);

    record Constant() implements Schedule {
        @Override
        public double factor(double progress) { return 1; }
    }

    record Cosine(@Default("0") double finalFraction) implements Schedule {
        public Cosine {
            checkFraction(finalFraction);
        }

        @Override
        public double factor(double progress) { return finalFraction + (1 - finalFraction) * 0.5 * (1 + Math.cos(Math.PI * progress)); }
    }

    record Linear(@Default("0") double finalFraction) implements Schedule {
        public Linear {
            checkFraction(finalFraction);
        }

        @Override
        public double factor(double progress) { return 1 - (1 - finalFraction) * progress; }
    }

    private static void checkFraction(double fraction) {
        checkArgument(fraction >= 0 && fraction <= 1, "final_fraction must lie in 0 to 1, but is %s", fraction);
    }
}
