package dev.fusedit.trainer.study;

import com.google.common.collect.ImmutableList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.commons.statistics.distribution.TDistribution;
import org.apache.commons.statistics.inference.TTest;

/// An arm against the reference, over the differences at equal seeds: Student's t for pairs, two-sided, corrected for as many comparisons
/// as there are by Holm (1979).
///
/// Holm's procedure tests the smallest of m p-values at α / m, the next at α / (m − 1), and so on to the first that fails; from there on
/// nothing is significant. The interval of each is at the level that it was tested at, so it excludes 0 exactly where the procedure
/// rejects.
///
/// @param differences arm less reference, by seed
/// @param mean of the differences
/// @param low end of the corrected interval; infinite with a single seed
/// @param p corrected, at most 1; NaN with a single seed
/// @param verdict of the endpoint
public record PairedComparison(String arm, ImmutableList<Double> differences, double mean, double low, double high, double p,
        Verdict verdict) {
    static final double ALPHA = 0.05;

    /// @param differences by arm, in the order of the table
    /// @param isWhole whether all seeds are there; none gets a verdict before
    static ImmutableList<PairedComparison> of(Map<String, double[]> differences, Metric.Better better, boolean isWhole) {
        var arms = List.copyOf(differences.keySet());
        var p = arms.stream().mapToDouble(arm -> p(differences.get(arm))).toArray();
        var order = IntStream.range(0, p.length).boxed().sorted(Comparator.comparingDouble(i -> Double.isNaN(p[i]) ? 1 : p[i])).toList();
        var found = new PairedComparison[p.length];
        int m = p.length, failed = m;
        double corrected = 0;
        for (int rank = 0; rank < m; rank++) {
            int i = order.get(rank);
            if (failed == m && !(p[i] <= ALPHA / (m - rank))) failed = rank;
            corrected = Math.min(1, Math.max(corrected, (m - rank) * p[i]));
            found[i] = of(arms.get(i), differences.get(arms.get(i)), ALPHA / (m - Math.min(rank, failed)), corrected, better, isWhole);
        }
        return ImmutableList.copyOf(found);
    }

    private static PairedComparison of(String arm, double[] differences, double alpha, double p, Metric.Better better, boolean isWhole) {
        double mean = Arrays.stream(differences).average().orElseThrow();
        double half = differences.length == 1 ? Double.POSITIVE_INFINITY
                : TDistribution.of(differences.length - 1).inverseSurvivalProbability(alpha / 2) * standardError(differences);
        double low = mean - half, high = mean + half;
        var verdict = !isWhole || differences.length < StudyFile.LEAST_SEEDS ? Verdict.TOO_FEW_SEEDS
                : low <= 0 && high >= 0 ? Verdict.NO_DIFFERENCE : better.goodness(mean) > 0 ? Verdict.BETTER : Verdict.WORSE;
        return new PairedComparison(arm, Arrays.stream(differences).boxed().collect(ImmutableList.toImmutableList()), mean, low, high, p,
                verdict);
    }

    /// Equal differences have no spread to compare their mean with: they are none, or surely some.
    private static double p(double[] differences) {
        if (differences.length < 2) return Double.NaN;
        if (standardError(differences) == 0) return differences[0] == 0 ? 1 : 0;
        return TTest.withDefaults().test(differences).getPValue();
    }

    private static double standardError(double[] values) {
        double mean = Arrays.stream(values).average().orElseThrow();
        boolean alike = Arrays.stream(values).allMatch(value -> value == values[0]);
        return alike ? 0
                : Math.sqrt(
                        Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum() / (values.length - 1) / values.length);
    }
}
