package dev.fusedit.trainer.compare;

import dev.fusedit.trainer.log.LinePlot;
import dev.fusedit.trainer.page.HtmlPage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A comparison as a page that needs nothing beside it: tables, curves over each other, images in rows.
public final class ComparisonPage {
    private static final double SMOOTHING = 0.95;

    private ComparisonPage() {}

    /// What a loss is seen against.
    private record Against(String label, ToDoubleBiFunction<ComparedRun, Map<String, Object>> of) {}

    private static final List<Against> AXES = List.of(
            new Against("images", (run, row) -> run.images(ComparedRun.step(row))),
            new Against("training FLOPs", (run, row) -> run.flops(ComparedRun.step(row))),
            new Against("seconds", (_, row) -> ComparedRun.number(row, "seconds")));

    /// @param images none where none were asked for
    public static String of(Comparison comparison, Optional<ComparedImages> images) {
        var runs = comparison.runs();
        var page = new HtmlPage(runs.stream().map(ComparedRun::label).collect(Collectors.joining(", ")));
        section(page, "What differs", comparison.differences(), "Their recipes are the same.");
        section(page, "What they took, and their losses", comparison.quantities(), "");
        section(page, "Scores", comparison.scores(), "No run has a score.");
        if (comparison.suites().size() > 1) section(page, "Evaluated", comparison.suites(), "");
        if (comparison.evaluations().size() > 1) section(page, "Evaluated on the way", comparison.evaluations(), "");
        page.heading("Curves");
        var evaluated = comparison.evaluated().stream().map(name -> evaluations(runs, name));
        var losses = AXES.stream().map(axis -> plot("flow loss", axis, series(runs, axis, "flow", false), true));
        var validations = AXES.stream().limit(2).map(axis -> plot("validation flow loss", axis, series(runs, axis, "flow", true), false));
        page.charts(Stream.concat(evaluated, Stream.concat(losses, validations).flatMap(Optional::stream)).toList());
        images.ifPresent(drawn -> rows(page, runs, drawn));
        return page.html();
    }

    private static void section(HtmlPage page, String heading, List<List<String>> rows, String none) {
        page.heading(heading);
        if (rows.size() > 1) page.table(rows);
        else page.paragraph(none);
    }

    private static void rows(HtmlPage page, List<ComparedRun> runs, ComparedImages drawn) {
        page.heading("The same prompts and seeds");
        for (int run = 0; run < runs.size(); run++) drawn.show(page, run, runs.get(run).label());
    }

    private static LinePlot evaluations(List<ComparedRun> runs, String name) {
        return new LinePlot(name + " against steps", "step", name,
                runs.stream().flatMap(run -> Stream.ofNullable(run.evaluations().get(name)).map(curve -> curve.named(run.label())))
                        .toList(),
                false, 0);
    }

    /// A training row's time is that of the process; validations have none, so they are not shown against it.
    private static List<LinePlot.Series> series(List<ComparedRun> runs, Against axis, String key, boolean validation) {
        var series = new ArrayList<LinePlot.Series>();
        for (var run : runs) {
            var rows = validation ? run.validations() : run.having(key);
            if (rows.isEmpty()) continue;
            series.add(new LinePlot.Series(run.label(), rows.stream().mapToDouble(row -> axis.of.applyAsDouble(run, row)).toArray(),
                    rows.stream().mapToDouble(row -> ComparedRun.number(row, key)).toArray(),
                    validation ? LinePlot.Mark.DOTS : LinePlot.Mark.NONE));
        }
        return series;
    }

    private static Optional<LinePlot> plot(String what, Against axis, List<LinePlot.Series> series, boolean smooth) {
        return series.isEmpty() ? Optional.empty()
                : Optional.of(new LinePlot(what + " against " + axis.label, axis.label, what, series, true, smooth ? SMOOTHING : 0));
    }
}
