package dev.fusedit.trainer.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RateGridTest {
    private static final StudyFile.Tuning TUNING = new StudyFile.Tuning("k", List.of(1e-3, 2e-3, 4e-3), 9, 0.3, 2, null);

    /// An arm whose goodness falls with the distance, in doublings, from its best rate.
    private static Map<Double, Double> tried(double best, double... rates) {
        var tried = new LinkedHashMap<Double, Double>();
        for (double rate : rates) tried.put(rate, -Math.abs(Math.log(rate / best)));
        return tried;
    }

    @Test
    void theGridIsWidenedForAllArmsWhereOneIsAtTheEdge() {
        var untried = RateGrid.of(TUNING, List.of(Map.of(), Map.of()));
        assertThat(untried.rates()).containsExactly(1e-3, 2e-3, 4e-3);
        var inside = RateGrid.of(TUNING, List.of(tried(2e-3, 1e-3, 2e-3, 4e-3), tried(2e-3, 1e-3, 2e-3, 4e-3)));
        assertThat(inside.rates()).hasSize(3);
        var edges = RateGrid.of(TUNING, List.of(tried(2e-3, 1e-3, 2e-3, 4e-3), tried(9, 1e-3, 2e-3, 4e-3)));
        assertThat(edges.rates()).containsExactly(1e-3, 2e-3, 4e-3, 8e-3);
        var both = RateGrid.of(TUNING, List.of(tried(1e-9, 1e-3, 2e-3, 4e-3), tried(9, 1e-3, 2e-3, 4e-3)));
        assertThat(both.rates()).containsExactly(5e-4, 1e-3, 2e-3, 4e-3, 8e-3);
    }

    @Test
    void itIsWidenedSoManyTimes() {
        var twice = tried(9, 1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2);
        var grid = RateGrid.of(TUNING, List.of(twice));
        assertThat(grid.rates()).hasSize(5);
        assertThat(grid.isAtEdge(grid.best(twice))).isTrue();
    }

    @Test
    void aRunThatFailedIsWorst() {
        var tried = new LinkedHashMap<>(Map.of(1e-3, -2.0, 2e-3, -1.0, 4e-3, Double.NaN));
        assertThat(RateGrid.of(TUNING, List.of(tried)).best(tried)).isEqualTo(2e-3);
        tried.replaceAll((_, _) -> Double.NaN);
        assertThat(RateGrid.of(TUNING, List.of(tried)).rates()).as("downwards").containsExactly(5e-4, 1e-3, 2e-3, 4e-3);
    }
}
