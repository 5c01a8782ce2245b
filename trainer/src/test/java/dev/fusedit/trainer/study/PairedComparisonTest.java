package dev.fusedit.trainer.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.ImmutableMap;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PairedComparisonTest {
    /// Student's quantile of 97.5 % for 5 degrees of freedom.
    private static final double T5 = 2.570581836;

    /// Six differences whose mean is so many standard errors from 0.
    private static double[] differences(double errors) {
        double[] spread = {-2, -1, -0.5, 0.5, 1, 2};
        double error = Math.sqrt(Arrays.stream(spread).map(x -> x * x).sum() / 5 / 6);
        return Arrays.stream(spread).map(x -> x + errors * error).toArray();
    }

    private static List<PairedComparison> of(Map<String, double[]> differences) {
        return PairedComparison.of(differences, Metric.Better.HIGHER, true);
    }

    @Test
    void oneComparisonIsStudents() {
        var just = of(Map.of("a", differences(T5 * 1.001))).getFirst();
        assertThat(just.p()).isCloseTo(0.05, within(2e-4)).isLessThan(0.05);
        assertThat(just.low()).isPositive();
        assertThat(just.verdict()).isEqualTo(Verdict.BETTER);
        var less = of(Map.of("a", differences(T5 * 0.999))).getFirst();
        assertThat(less.p()).isGreaterThan(0.05);
        assertThat(less.low()).isNegative();
        assertThat(less.verdict()).isEqualTo(Verdict.NO_DIFFERENCE);
        assertThat(of(Map.of("a", differences(-4))).getFirst().verdict()).isEqualTo(Verdict.WORSE);
        assertThat(PairedComparison.of(Map.of("a", differences(-4)), Metric.Better.LOWER, true).getFirst().verdict())
                .isEqualTo(Verdict.BETTER);
    }

    /// Uncorrected p of 0.0025, 0.02, 0.04 and 0.2: times 4, 3, 2, 1 they are 0.01, 0.06, 0.08, 0.2.
    @Test
    void holmStopsAtTheFirstThatFails() {
        var found = of(ImmutableMap.of("fourth", differences(1.4759), "second", differences(3.3649), "first", differences(5.6042), "third",
                differences(2.7565)));
        assertThat(found).extracting(PairedComparison::arm).containsExactly("fourth", "second", "first", "third");
        assertThat(found.get(2).p()).isCloseTo(0.01, within(1e-4));
        assertThat(found.get(1).p()).isCloseTo(0.06, within(1e-4));
        assertThat(found.get(3).p()).isCloseTo(0.08, within(1e-4));
        assertThat(found.get(0).p()).isCloseTo(0.2, within(1e-3));
        assertThat(found).extracting(PairedComparison::verdict).containsExactly(Verdict.NO_DIFFERENCE, Verdict.NO_DIFFERENCE,
                Verdict.BETTER,
                Verdict.NO_DIFFERENCE);
        for (var one : found)
            assertThat(one.low() <= 0 && one.high() >= 0).as("an interval holds 0 where nothing is seen: %s", one.arm())
                    .isEqualTo(one.verdict() == Verdict.NO_DIFFERENCE);
    }

    @Test
    void fewSeedsGetNoVerdict() {
        var five = of(Map.of("a", new double[] {9, 9.1, 9.2, 9.3, 9.4})).getFirst();
        assertThat(five.low()).isPositive();
        assertThat(five.verdict()).isEqualTo(Verdict.TOO_FEW_SEEDS);
        assertThat(PairedComparison.of(Map.of("a", differences(9)), Metric.Better.HIGHER, false).getFirst().verdict())
                .as("more are to come")
                .isEqualTo(Verdict.TOO_FEW_SEEDS);
        var one = of(Map.of("a", new double[] {1})).getFirst();
        assertThat(one.low()).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(one.p()).isNaN();
        assertThat(of(Map.of())).isEmpty();
    }

    @Test
    void equalDifferencesAreNoneOrSure() {
        assertThat(of(Map.of("a", new double[6])).getFirst().verdict()).isEqualTo(Verdict.NO_DIFFERENCE);
        assertThat(of(Map.of("a", new double[] {0.1, 0.1, 0.1, 0.1, 0.1, 0.1})).getFirst().verdict()).isEqualTo(Verdict.BETTER);
    }
}
