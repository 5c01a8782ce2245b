package dev.fusedit.trainer.study;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.trainer.compare.ComparedRun;
import dev.fusedit.trainer.eval.metrics.Estimate;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/// What a study found, as far as it is.
///
/// @param rates that arms found; none where none are tuned
/// @param cells that are trained and measured, seed by seed
public record StudyResult(Study study, ImmutableMap<String, RateSearch.Found> rates, ImmutableList<Measurement> cells) {
    public boolean isComplete() { return cells.size() == study.arms().size() * study.file().seeds().size(); }

    /// Runs of the arms at the first seed, in their order.
    public List<ComparedRun> firstSeed() { return arms().stream().map(arm -> of(arm).getFirst().run()).toList(); }

    Metric metric() { return study.file().endpoint().metric(); }

    /// Of an arm, in the order of the seeds.
    List<Measurement> of(Arm arm) { return cells.stream().filter(cell -> cell.cell().arm().equals(arm)).toList(); }

    /// Arms that have a cell.
    List<Arm> arms() { return study.arms().stream().filter(arm -> !of(arm).isEmpty()).toList(); }

    /// Metrics that some cell has, the endpoint first.
    List<Metric> metrics() {
        return Arrays.stream(Metric.values()).filter(metric -> cells.stream().anyMatch(cell -> cell.values().containsKey(metric)))
                .sorted(Comparator.comparing(metric -> metric != metric())).toList();
    }

    /// A mean over an arm's seeds with Student's 95 % interval, not corrected; empty where no cell has the number.
    Optional<Estimate> mean(Arm arm, ToDoubleFunction<Measurement> number) {
        var numbers = of(arm).stream().mapToDouble(number).filter(value -> !Double.isNaN(value)).toArray();
        return numbers.length == 0 ? Optional.empty() : Optional.of(Estimate.mean(numbers));
    }

    Optional<Estimate> mean(Arm arm, Metric metric) { return mean(arm, cell -> cell.values().getOrDefault(metric, Double.NaN)); }

    /// All arms but the reference, by the endpoint.
    ImmutableList<PairedComparison> comparisons() {
        var differences = new LinkedHashMap<String, double[]>();
        for (var arm : arms()) {
            var pairs = of(arm).stream().flatMapToDouble(cell -> difference(cell).stream()).toArray();
            if (pairs.length > 0) differences.put(arm.name(), pairs);
        }
        return PairedComparison.of(differences, metric().better(), isComplete());
    }

    /// From the cell of the arm's reference at the same seed, where that is there.
    private OptionalDouble difference(Measurement cell) {
        return study.reference(cell.cell().arm()).stream().flatMap(reference -> of(reference).stream())
                .filter(other -> other.cell().seed() == cell.cell().seed()).mapToDouble(other -> cell.endpoint() - other.endpoint())
                .findFirst();
    }

    /// What makes the table say nothing, or less than it seems.
    public ImmutableList<String> notes() {
        var notes = ImmutableList.<String>builder();
        if (!isComplete()) notes.add("not at its end: %d of %d cells are there".formatted(cells.size(),
                study.arms().size() * study.file().seeds().size()));
        notInformative().ifPresent(notes::add);
        if (study.file().seeds().size() < StudyFile.LEAST_SEEDS) notes.add("%d seeds are too few for a verdict: it takes %d".formatted(
                study.file().seeds().size(), StudyFile.LEAST_SEEDS));
        rates.forEach((arm, found) -> {
            if (found.atEdge()) notes.add("%s: its rate %s lies at the edge of those tried; a better one may lie beyond".formatted(arm,
                    Rate.text(found.rate())));
        });
        return notes.build();
    }

    /// By the endpoint's mean; empty where no cell is there.
    Optional<Arm> bestArm() {
        return arms().stream()
                .max(Comparator.comparingDouble(arm -> metric().better().goodness(mean(arm, metric()).orElseThrow().value())));
    }

    /// Whether even the best arm has not left the floor, in a sentence.
    Optional<String> notInformative() {
        var better = metric().better();
        double floor = study.file().endpoint().least();
        return bestArm().map(arm -> mean(arm, metric()).orElseThrow())
                .filter(best -> better.goodness(better == Metric.Better.HIGHER ? best.low() : best.high()) <= better.goodness(floor))
                .map(best -> "not informative: the best arm, at %s, is not above the floor of %s".formatted(
                        Figures.text(best.value(), best.low(), best.high()), Figures.text(floor)));
    }
}
