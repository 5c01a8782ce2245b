package dev.fusedit.trainer.study;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/// A study's result for programs.
public final class StudyJson {
    private StudyJson() {}

    /// What was asked, `arms` with their comparisons, and `cells`, each as a row of `table.csv`.
    public static ObjectNode of(StudyResult result) { return of(result, Cell::commands); }

    /// @param commands that make a cell
    static ObjectNode of(StudyResult result, Function<Cell, String> commands) {
        var file = result.study().file();
        var json = JsonNodeFactory.instance.objectNode().put("name", file.name()).put("question", file.question())
                .put("endpoint", result.metric().key()).put("floor", file.endpoint().least()).put("budget", file.budget().text())
                .put("reference", result.study().reference().name()).put("complete", result.isComplete())
                .put("informative", result.notInformative().isEmpty());
        result.notes().forEach(json.putArray("notes")::add);
        var arms = json.putArray("arms");
        result.arms().forEach(arm -> arms.add(arm(result, arm)));
        var cells = json.putArray("cells");
        result.cells().forEach(cell -> cells.addPOJO(row(result, cell, commands)));
        return json;
    }

    private static ObjectNode arm(StudyResult result, Arm arm) {
        var json = JsonNodeFactory.instance.objectNode().put("name", arm.name());
        arm.settings().forEach(json.putArray("set")::add);
        var found = result.rates().get(arm.name());
        if (found != null) {
            json.put("rate", found.rate()).put("rate_at_edge", found.atEdge());
            var tried = json.putObject("rates");
            found.tried().forEach((rate, value) -> tried.put(Rate.text(rate), value.isNaN() ? null : value));
        }
        var metrics = json.putObject("metrics");
        for (var metric : result.metrics()) result.mean(arm, metric).ifPresent(mean -> metrics.set(metric.key(), mean.toJson()));
        result.comparisons().stream().filter(comparison -> comparison.arm().equals(arm.name())).forEach(comparison -> {
            var difference = json.putObject("difference").put("against", result.study().reference(arm).orElseThrow().name())
                    .put("mean", comparison.mean()).put("verdict", comparison.verdict().toString());
            if (Double.isFinite(comparison.low()))
                difference.put("p", comparison.p()).putArray("interval").add(comparison.low()).add(comparison.high());
            comparison.differences().forEach(difference.putArray("seeds")::add);
        });
        return json;
    }

    /// A cell's numbers by column. What a cell has not is left out.
    ///
    /// @param commands as in [#of(StudyResult, Function)]
    static Map<String, Object> row(StudyResult result, Measurement measured, Function<Cell, String> commands) {
        var cell = measured.cell();
        var run = measured.run();
        var row = new LinkedHashMap<String, Object>();
        row.put("study", result.study().file().name());
        row.put("arm", cell.arm().name());
        row.put("seed", cell.seed());
        cell.rate().ifPresent(rate -> row.put("rate", rate));
        for (var metric : result.metrics()) if (measured.values().containsKey(metric)) row.put(metric.key(), measured.values().get(metric));
        row.putAll(measured.kinds());
        row.putAll(ImmutableMap.<String, Object>of("parameters", run.plan().parameters().total(), "trained",
                run.plan().parameters().trainable(),
                "steps", run.steps(), "images", run.images(), "training_flops", run.flops(), "seconds", run.seconds(), "images_per_second",
                run.imagesPerSecond()));
        run.peakMib().ifPresent(peak -> row.put("peak_mib", peak));
        row.put("command", commands.apply(cell));
        return row;
    }
}
