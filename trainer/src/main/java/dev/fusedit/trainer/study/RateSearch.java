package dev.fusedit.trainer.study;

import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Each arm's learning rate, by one number of short runs with a seed that is not the study's.
///
/// @param levels of [Measurement#read]
/// @param said told what goes on
record RateSearch(Study study, CellQueue queue, Supplier<NoiseShares> levels, Consumer<String> said, BooleanSupplier stopped) {
    /// What an arm found.
    ///
    /// @param tried that number by rate; NaN for a run that diverged
    /// @param atEdge whether a value beyond the last one that was tried might be better still
    record Found(double rate, ImmutableMap<Double, Double> tried, boolean atEdge) {}

    /// @return by arm; nothing where the study tunes none. Empty where it was stopped
    /// @throws dev.fusedit.torch.UserError if an arm diverged at every rate
    Optional<ImmutableMap<String, Found>> run() {
        var tuning = study.file().tuning();
        if (tuning == null) return Optional.of(ImmutableMap.of());
        var tried = new LinkedHashMap<String, Map<Double, Double>>();
        study.arms().forEach(arm -> tried.put(arm.name(), new LinkedHashMap<>()));
        while (true) {
            var grid = RateGrid.of(tuning, tried.values().stream().map(this::goodness).toList());
            var missing = missing(tuning, grid, tried);
            if (missing.isEmpty()) return Optional.of(found(grid, tried));
            said.accept("Learning rates %s: %d runs, of which %d are there".formatted(
                    String.join(", ", grid.rates().stream().map(Rate::text).toList()), missing.size(),
                    missing.stream().filter(Cell::isDone).count()));
            queue.run(missing, ended -> {
                synchronized (tried) {
                    take(ended, tried.get(ended.cell().arm().name()));
                }
            });
            if (stopped.getAsBoolean() && !missing(tuning, grid, tried).isEmpty()) return Optional.empty();
        }
    }

    private List<Cell> missing(StudyFile.Tuning tuning, RateGrid grid, Map<String, Map<Double, Double>> tried) {
        var missing = new ArrayList<Cell>();
        for (var arm : study.arms())
            for (double rate : grid.rates())
                if (!tried.get(arm.name()).containsKey(rate)) missing.add(study.trial(tuning, arm, rate));
        return missing;
    }

    private void take(CellQueue.Ended ended, Map<Double, Double> tried) {
        var cell = ended.cell();
        double rate = cell.rate().orElseThrow();
        switch (ended.end()) {
            case STOPPED -> {}
            case DIVERGED -> {
                tried.put(rate, Double.NaN);
                said.accept("%s: diverged:%n%s".formatted(cell.name(), queue.lastWords(cell)));
            }
            case MEASURED -> {
                tried.put(rate, Measurement.read(cell, levels.get()).endpoint());
                said.accept("%s: %s %s".formatted(cell.name(), cell.endpoint().label(), Figures.text(tried.get(rate))));
            }
        }
    }

    private Map<Double, Double> goodness(Map<Double, Double> tried) {
        var goodness = new LinkedHashMap<Double, Double>();
        tried.forEach((rate, value) -> goodness.put(rate, study.file().triedBy().better().goodness(value)));
        return goodness;
    }

    private ImmutableMap<String, Found> found(RateGrid grid, Map<String, Map<Double, Double>> tried) {
        var found = ImmutableMap.<String, Found>builder();
        tried.forEach((arm, values) -> {
            double best = grid.best(goodness(values));
            if (Double.isNaN(values.get(best))) throw study.wrong("arm '%s' diverged at every learning rate that was tried".formatted(arm));
            var inOrder = ImmutableMap.<Double, Double>builder();
            grid.rates().forEach(rate -> inOrder.put(rate, values.get(rate)));
            found.put(arm, new Found(best, inOrder.buildOrThrow(), grid.isAtEdge(best)));
            said.accept("%s: rate %s%s".formatted(arm, Rate.text(best), grid.isAtEdge(best) ? ", at the edge of those tried" : ""));
        });
        return found.buildOrThrow();
    }
}
