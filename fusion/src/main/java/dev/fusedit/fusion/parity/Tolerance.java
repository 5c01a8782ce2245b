package dev.fusedit.fusion.parity;

/// How far a number may be from the expected one. The values are those that the goldens' README recommends.
public enum Tolerance {
    FINE(1e-5), OUTPUT(2e-5), TAP(5e-5), LOSS(2e-6), GRADIENT_NORM(2e-5), GRADIENT(2e-5), SUM(3e-6), PARAMETER(5e-6), BF16(0.02),
    RELATIVE(1e-6), CLOSEST(1e-12), LATENT(2e-4), STEP(1), TWO_STEPS(2), STEP_LOSS(1e-4), STEP_GRADIENT(1e-4), EXACT(0);

    public final double limit;

    Tolerance(double limit) { this.limit = limit; }

    /// The error of `actual`, in the measure of this kind.
    ///
    /// @param scale what sums are divided by, element by element
    double error(double[] actual, double[] expected, double[] scale) {
        return switch (this) {
            case FINE, OUTPUT, TAP, PARAMETER, LATENT, STEP, TWO_STEPS, EXACT -> largest(actual, expected, (_, _) -> 1);
            case LOSS, STEP_LOSS -> largest(actual, expected, (i, _) -> Math.max(Math.abs(expected[i]), Double.MIN_NORMAL));
            case GRADIENT_NORM -> largest(actual, expected, (i, _) -> Math.max(Math.abs(expected[i]), 1e-3));
            // each number by itself, but zeros beside large numbers are not asked for more digits than those have
            case RELATIVE, CLOSEST ->
                    largest(actual, expected, (i, most) -> Math.max(Math.abs(expected[i]), Math.max(1e-3 * most, Double.MIN_NORMAL)));
            case GRADIENT, STEP_GRADIENT -> largest(actual, expected, (_, most) -> Math.max(most, Double.MIN_NORMAL));
            case SUM -> largest(actual, expected, (i, _) -> Math.max(Math.abs(scale[i]), Double.MIN_NORMAL));
            // relative in L2, and 5 times that absolutely
            case BF16 -> Math.max(relativeL2(actual, expected), largest(actual, expected, (_, _) -> 5));
        };
    }

    @FunctionalInterface
    private interface Divisor {
        double of(int index, double largestExpected);
    }

    private static double largest(double[] actual, double[] expected, Divisor divisor) {
        double most = 0;
        for (var value : expected) {
            most = Math.max(most, Math.abs(value));
        }
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            var error = actual[i] == expected[i] ? 0 : Math.abs(actual[i] - expected[i]) / divisor.of(i, most);
            if (Double.isNaN(error)) {
                return Double.POSITIVE_INFINITY;
            }
            worst = Math.max(worst, error);
        }
        return worst;
    }

    private static double relativeL2(double[] actual, double[] expected) {
        double difference = 0, norm = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
            norm += expected[i] * expected[i];
        }
        var error = Math.sqrt(difference / Math.max(norm, Double.MIN_NORMAL));
        return Double.isNaN(error) ? Double.POSITIVE_INFINITY : error;
    }
}
