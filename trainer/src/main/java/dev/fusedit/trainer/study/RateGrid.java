package dev.fusedit.trainer.study;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Map;

/// The learning rates that every arm tries: those of the study's file, and beyond, in the same ratio, while the best of some arm lies at
/// the edge.
///
/// @param rates growing
/// @param widened how many times
record RateGrid(ImmutableList<Double> rates, int widened) {
    /// As far as the tries that are there decide.
    ///
    /// @param goodness of each arm by rate, the larger the better, NaN for a run that diverged
    static RateGrid of(StudyFile.Tuning tuning, Collection<? extends Map<Double, Double>> goodness) {
        var grid = new RateGrid(ImmutableList.copyOf(tuning.values()), 0);
        while (grid.widened < tuning.widen() && goodness.stream().allMatch(grid::isCovered)) {
            var wider = grid.widerFor(goodness);
            if (wider.rates.size() == grid.rates.size()) break;
            grid = wider;
        }
        return grid;
    }

    boolean isCovered(Map<Double, Double> tried) { return tried.keySet().containsAll(rates); }

    private RateGrid widerFor(Collection<? extends Map<Double, Double>> goodness) {
        var best = goodness.stream().map(this::best).toList();
        var wider = new ArrayList<>(rates);
        if (best.contains(rates.getFirst())) wider.addFirst(Rate.rounded(rates.getFirst() * rates.getFirst() / rates.get(1)));
        if (best.contains(rates.getLast())) wider.addLast(Rate.rounded(rates.getLast() * rates.getLast() / rates.get(rates.size() - 2)));
        return new RateGrid(ImmutableList.copyOf(wider), widened + 1);
    }

    /// The lowest of the best ones; where all diverged, the lowest, so that the grid grows downwards.
    double best(Map<Double, Double> tried) {
        double best = rates.getFirst();
        for (double rate : rates)
            if (goodness(tried, rate) > goodness(tried, best)) best = rate;
        return best;
    }

    private static double goodness(Map<Double, Double> tried, double rate) {
        double value = tried.getOrDefault(rate, Double.NaN);
        return Double.isNaN(value) ? Double.NEGATIVE_INFINITY : value;
    }

    boolean isAtEdge(double rate) { return rate == rates.getFirst() || rate == rates.getLast(); }
}
