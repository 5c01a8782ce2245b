package dev.fusedit.trainer.study;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.log.ProgressLine;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/// A study's result as tables, each with its heads first.
public final class StudyTables {
    static final String COMMANDS = "Commands";
    private static final double HALF = 0.5;

    private StudyTables() {}

    /// A table under its heading.
    record Titled(String heading, String note, List<List<String>> rows) {}

    /// All of them, the verdicts first; those without a row are left out.
    static ImmutableList<Titled> all(StudyResult result) {
        return java.util.stream.Stream.of(
                new Titled("Verdicts",
                        "Means over seeds with 95 % intervals; differences at equal seeds with intervals as Holm's procedure widens them.",
                        verdicts(result)),
                new Titled("Beside the endpoint", "Means over seeds with 95 % intervals, not corrected: they decide nothing.",
                        metrics(result)),
                new Titled("Scores by kind", "Shares of images that are right, and of what captions name that is right, as above. "
                        + masteredNote(result), kinds(result)),
                new Titled("Cost", "Means over seeds; FLOPs are those needed by all stages, time is the whole run's.", costs(result)),
                new Titled("Learning rates", "By the %s of short runs with another seed.".formatted(
                        result.study().file().triedBy().label()), rates(result)),
                new Titled("Every seed", "", points(result)),
                new Titled(COMMANDS, "Each makes its cell again.", commands(result)))
                .filter(table -> table.rows.size() > 1).collect(ImmutableList.toImmutableList());
    }

    /// An arm a row: the endpoint, the difference from the reference, and what it allows to say.
    public static List<List<String>> verdicts(StudyResult result) {
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("arm", "rate", "seeds", result.metric().label(), "against", "difference", "p (Holm)", "verdict"));
        var comparisons = result.comparisons();
        for (var arm : result.arms()) {
            var mean = result.mean(arm, result.metric()).orElseThrow();
            var compared = comparisons.stream().filter(comparison -> comparison.arm().equals(arm.name())).findFirst();
            rows.add(List.of(arm.name(), rate(result, arm), "" + mean.n(), text(mean),
                    result.study().reference(arm).map(Arm::name).orElse(Figures.NONE),
                    compared.map(it -> Figures.text(it.mean(), it.low(), it.high())).orElse(Figures.NONE),
                    compared.map(it -> Double.isNaN(it.p()) ? Figures.NONE : String.format(Locale.ROOT, "%.2g", it.p()))
                            .orElse(Figures.NONE),
                    compared.map(it -> it.verdict().toString()).orElse(Figures.NONE)));
        }
        return rows;
    }

    private static String rate(StudyResult result, Arm arm) {
        var found = result.rates().get(arm.name());
        return found == null ? Figures.NONE : Rate.text(found.rate());
    }

    private static String text(Estimate mean) { return Figures.text(mean.value(), mean.low(), mean.high()); }

    private static String text(Optional<Estimate> mean) { return mean.map(StudyTables::text).orElse(Figures.NONE); }

    private static List<List<String>> metrics(StudyResult result) {
        var others = result.metrics().stream().filter(metric -> metric != result.metric()).toList();
        return table(result, others, Metric::label, (arm, metric) -> text(result.mean(arm, metric)));
    }

    private static List<List<String>> kinds(StudyResult result) {
        var names = new LinkedHashSet<String>();
        result.cells().forEach(cell -> names.addAll(cell.kinds().keySet()));
        var mastered = mastered(result);
        return table(result, List.copyOf(names), name -> words(name) + (mastered.contains(name) ? " *" : ""),
                (arm, kind) -> text(result.mean(arm, cell -> cell.kinds().getOrDefault(kind, Double.NaN))));
    }

    private static String words(String kind) { return kind.replace('_', ' '); }

    /// What the best arm has right more often than not. Where no arm does, scores tell nothing of the arms.
    private static List<String> mastered(StudyResult result) {
        return result.bestArm().map(arm -> result.of(arm).stream().flatMap(cell -> cell.kinds().keySet().stream()).distinct()
                .filter(kind -> result.mean(arm, cell -> cell.kinds().getOrDefault(kind, Double.NaN)).orElseThrow().value() > HALF)
                .toList())
                .orElse(List.of());
    }

    private static String masteredNote(StudyResult result) {
        var best = result.bestArm().map(Arm::name).orElse(Figures.NONE);
        var mastered = mastered(result).stream().map(StudyTables::words).toList();
        return mastered.isEmpty() ? "The best arm, %s, has none of them above 0.5, so arms hardly compare by them.".formatted(best)
                : "The best arm, %s, has above 0.5 (marked *): %s. By the others arms hardly compare.".formatted(best,
                        String.join(", ", mastered));
    }

    private interface CellText<T> {
        String of(Arm arm, T what);
    }

    /// What is measured down, arms across.
    private static <T> List<List<String>> table(StudyResult result, List<T> what, Function<T, String> name, CellText<T> cell) {
        var rows = new ArrayList<List<String>>();
        rows.add(heads("", result.arms()));
        for (var one : what) {
            var row = new ArrayList<>(List.of(name.apply(one)));
            result.arms().forEach(arm -> row.add(cell.of(arm, one)));
            rows.add(row);
        }
        return rows;
    }

    private static List<String> heads(String first, List<Arm> arms) {
        var heads = new ArrayList<>(List.of(first));
        arms.forEach(arm -> heads.add(arm.name()));
        return heads;
    }

    private record Cost(String name, ToDoubleFunction<Measurement> of, Function<Double, String> text) {}

    private static final List<Cost> COSTS = List.of(
            new Cost("parameters", cell -> cell.run().plan().parameters().total(), StudyTables::whole),
            new Cost("trained", cell -> cell.run().plan().parameters().trainable(), StudyTables::whole),
            new Cost("steps", cell -> cell.run().steps(), StudyTables::whole),
            new Cost("images", cell -> cell.run().images(), StudyTables::whole),
            new Cost("training FLOPs", cell -> cell.run().flops(), Figures::text),
            new Cost("time", cell -> cell.run().seconds(), ProgressLine::clock),
            new Cost("images/s", cell -> cell.run().imagesPerSecond(), Figures::text),
            new Cost("peak MiB", cell -> cell.run().peakMib().orElse(Double.NaN), Figures::text));

    private static List<List<String>> costs(StudyResult result) {
        return table(result, COSTS, Cost::name, (arm, cost) -> result.mean(arm, cost.of).map(mean -> cost.text.apply(mean.value()))
                .orElse(Figures.NONE));
    }

    private static String whole(double number) { return String.format(Locale.ROOT, "%,d", Math.round(number)); }

    private static List<List<String>> rates(StudyResult result) {
        var arms = result.study().arms().stream().filter(arm -> result.rates().containsKey(arm.name())).toList();
        var rows = new ArrayList<List<String>>();
        rows.add(heads("rate", arms));
        if (arms.isEmpty()) return rows;
        result.rates().get(arms.getFirst().name()).tried().keySet().forEach(rate -> {
            var row = new ArrayList<>(List.of(Rate.text(rate)));
            arms.forEach(arm -> {
                var found = result.rates().get(arm.name());
                double value = found.tried().getOrDefault(rate, Double.NaN);
                row.add((Double.isNaN(value) ? "failed" : Figures.text(value)) + (found.rate() == rate ? " *" : ""));
            });
            rows.add(row);
        });
        return rows;
    }

    private static List<List<String>> points(StudyResult result) {
        var rows = new ArrayList<List<String>>();
        var heads = new ArrayList<>(List.of("arm", "seed"));
        result.metrics().forEach(metric -> heads.add(metric.label()));
        rows.add(heads);
        for (var arm : result.arms()) {
            for (var cell : result.of(arm)) {
                var row = new ArrayList<>(List.of(arm.name(), "" + cell.cell().seed()));
                result.metrics().forEach(metric -> row.add(Figures.text(cell.values().getOrDefault(metric, Double.NaN))));
                rows.add(row);
            }
        }
        return rows;
    }

    private static List<List<String>> commands(StudyResult result) {
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("cell", "command"));
        result.cells()
                .forEach(cell -> rows.add(List.of(cell.cell().name(), cell.cell().commands())));
        return rows;
    }
}
