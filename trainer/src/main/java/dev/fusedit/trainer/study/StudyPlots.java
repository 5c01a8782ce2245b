package dev.fusedit.trainer.study;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.trainer.compare.ComparedRun;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.log.DotPlot;
import dev.fusedit.trainer.log.LinePlot;
import dev.fusedit.trainer.log.Plot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/// A study's result as plots.
final class StudyPlots {
    /// What a number is seen against.
    private record Against(String key, String label, ToPoint at) {}

    private interface ToPoint {
        double of(ComparedRun run, long step);
    }

    private static final List<Against> AXES = List.of(new Against("flops", "training FLOPs", ComparedRun::flops),
            new Against("images", "images", ComparedRun::images), new Against("seconds", "seconds", ComparedRun::seconds));

    private StudyPlots() {}

    /// By the names of their files.
    static ImmutableMap<String, Plot> of(StudyResult result) {
        var plots = new LinkedHashMap<String, Plot>();
        if (result.cells().isEmpty()) return ImmutableMap.of();
        plots.put("endpoint", endpoint(result));
        var differences = differences(result);
        if (!differences.rows().isEmpty()) plots.put("differences", differences);
        for (var axis : AXES) {
            var loss = validations(result, axis);
            if (!loss.isEmpty())
                plots.put("validation-flow-by-" + axis.key, plot("flow loss in the run's validations, all noise levels alike", axis, loss));
            for (var metric : List.of(Metric.CAPTION_GAP, Metric.SEEN)) {
                var ends = ends(result, axis, metric);
                if (!ends.isEmpty()) plots.put(metric.word() + "-by-" + axis.key, plot(metric.label(), axis, ends));
            }
        }
        for (var set : List.of(Metric.SEEN, Metric.HELDOUT, Metric.PARAPHRASE)) {
            var kinds = kinds(result, set);
            if (!kinds.isEmpty())
                plots.put(set.word() + "-by-kind", new DotPlot(set.label() + " by kind", "share that is right", kinds));
        }
        return ImmutableMap.copyOf(plots);
    }

    private static LinePlot plot(String what, Against axis, List<LinePlot.Series> series) {
        return new LinePlot(what + " against " + axis.label, axis.label, what, series, false, 0);
    }

    private static DotPlot endpoint(StudyResult result) {
        return new DotPlot(result.metric().label() + ", every seed", result.metric().label(),
                result.arms().stream().map(arm -> row(result, arm, arm.name(), Measurement::endpoint)).toList());
    }

    private static DotPlot.Row row(StudyResult result, Arm arm, String name, ToDoubleFunction<Measurement> number) {
        var mean = result.mean(arm, number).orElse(new Estimate(Double.NaN, Double.NaN, Double.NaN, 0));
        return new DotPlot.Row(name, result.of(arm).stream().mapToDouble(number).toArray(), mean.value(), mean.low(), mean.high());
    }

    private static DotPlot differences(StudyResult result) {
        return new DotPlot("differences at equal seeds", result.metric().label() + ", arm less its reference",
                result.comparisons().stream().map(it -> new DotPlot.Row(it.arm(),
                        it.differences().stream().mapToDouble(x -> x).toArray(), it.mean(), it.low(), it.high())).toList(),
                OptionalDouble.of(0));
    }

    /// A curve for each arm: means over the seeds, which validate at the same steps.
    private static List<LinePlot.Series> validations(StudyResult result, Against axis) {
        var series = new ArrayList<LinePlot.Series>();
        for (var arm : result.arms()) {
            var rows = result.of(arm).stream().map(cell -> flows(cell.run())).toList();
            var steps = new LinkedHashSet<>(rows.getFirst().keySet());
            rows.forEach(one -> steps.retainAll(one.keySet()));
            if (steps.isEmpty()) continue;
            var points = steps.stream().map(step -> Estimate.mean(rows.stream().mapToDouble(one -> one.get(step)).toArray())).toList();
            var x = steps.stream().mapToDouble(step -> result.of(arm).stream().mapToDouble(cell -> axis.at.of(cell.run(), step)).average()
                    .orElseThrow()).toArray();
            series.add(series(arm.name(), x, points));
        }
        return series;
    }

    private static Map<Long, Double> flows(ComparedRun run) {
        var flows = new LinkedHashMap<Long, Double>();
        for (var row : run.validations())
            if (row.get("flow") instanceof Number flow) flows.put(ComparedRun.step(row), flow.doubleValue());
        return flows;
    }

    private static LinePlot.Series series(String name, double[] x, List<Estimate> points) {
        return new LinePlot.Series(name, x, numbers(points, Estimate::value), LinePlot.Mark.DOTS, numbers(points, Estimate::low),
                numbers(points, Estimate::high));
    }

    private static double[] numbers(List<Estimate> points, ToDoubleFunction<Estimate> of) {
        return points.stream().mapToDouble(of).toArray();
    }

    /// A point for each arm: a metric that is measured at the end.
    private static List<LinePlot.Series> ends(StudyResult result, Against axis, Metric metric) {
        var series = new ArrayList<LinePlot.Series>();
        for (var arm : result.arms())
            result.mean(arm, metric).ifPresent(mean -> series.add(series(arm.name(), new double[] {result.of(arm).stream()
                    .mapToDouble(cell -> axis.at.of(cell.run(), cell.run().steps())).average().orElseThrow()}, List.of(mean))));
        return series;
    }

    private static List<DotPlot.Row> kinds(StudyResult result, Metric set) {
        var names = new LinkedHashSet<String>();
        var prefix = set.key() + "_";
        result.cells().forEach(cell -> cell.kinds().keySet().stream().filter(kind -> kind.startsWith(prefix)).forEach(names::add));
        var arms = result.arms();
        return names.stream().flatMap(kind -> IntStream.range(0, arms.size()).mapToObj(i -> row(result, arms.get(i),
                kind.substring(prefix.length()) + ": " + arms.get(i).name(), cell -> cell.kinds().getOrDefault(kind, Double.NaN))))
                .toList();
    }
}
