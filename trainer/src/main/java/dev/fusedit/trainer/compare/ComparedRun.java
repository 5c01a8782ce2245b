package dev.fusedit.trainer.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.eval.suite.EvaluationFile;
import dev.fusedit.trainer.log.LinePlot;
import dev.fusedit.trainer.log.MetricsLog;
import dev.fusedit.trainer.plan.Plan;
import dev.fusedit.trainer.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/// A run's folder, read: what it was to do, and what it left. One that goes on, or was stopped, is read as far as it came.
///
/// @param label what tables call it
/// @param plan what the recipe takes
/// @param rows of `metrics.jsonl`
/// @param result of `result.json`; missing while the run is not at its end
/// @param suites what evaluations of the finished run found, by suite and number: `geneval/overall`
public record ComparedRun(String label, Path folder, Recipe recipe, Plan plan, ImmutableList<Map<String, Object>> rows, JsonNode result,
        ImmutableMap<String, ObjectNode> suites) {
    /// The part of a run, at its end, that its loss is told of: a single step's is mostly noise.
    private static final double TAIL = 0.1;
    private static final String EVALUATION = "eval";

    /// @throws UserError if it is no run's folder, or nothing was trained there yet
    public static ComparedRun read(String label, Path folder) {
        var run = RunFolder.open(folder);
        var recipe = Recipe.find(run.recipe().toString(), List.of());
        var rows = Files.exists(run.metrics()) ? MetricsLog.rows(run.metrics()) : List.<Map<String, Object>>of();
        JsonNode result = run.isFinished() ? JsonFile.object(run.result(), "Train the run again, or delete the file")
                : MissingNode.getInstance();
        return new ComparedRun(label, folder, recipe, Plan.of(recipe), ImmutableList.copyOf(rows), result, suites(folder)).requireSteps();
    }

    /// Of `eval.json` in `eval`, where studies put it; in the run's folder itself; and in each other folder in there that `eval --out` was
    /// given, whose name stands before its numbers.
    private static ImmutableMap<String, ObjectNode> suites(Path run) {
        var found = new LinkedHashMap<String, ObjectNode>();
        try (var inside = Files.list(run)) {
            var folders = Stream.concat(Stream.of(run.resolve(EVALUATION), run), inside.filter(Files::isDirectory).sorted()).distinct();
            folders.forEach(folder -> EvaluationFile.in(folder).ifPresent(file -> {
                var before = folder.equals(run) || folder.equals(run.resolve(EVALUATION)) ? "" : folder.getFileName() + ": ";
                file.headline().forEach((name, number) -> found.putIfAbsent(before + name, number));
            }));
        } catch (IOException e) {
            throw new UserError("run %s cannot be listed: %s".formatted(run, SystemReason.of(e)), e);
        }
        return ImmutableMap.copyOf(found);
    }

    private ComparedRun requireSteps() {
        if (training().isEmpty()) throw new UserError("run " + folder + ": nothing was trained there yet (no row in metrics.jsonl)");
        return this;
    }

    public boolean isFinished() { return result.isObject(); }

    private List<Map<String, Object>> training() { return rows.stream().filter(row -> !row.containsKey("event")).toList(); }

    /// Done so far.
    public long steps() { return isFinished() ? result.path("steps").asLong() : step(training().getLast()); }

    public long images() { return images(steps()); }

    /// Shown to the model by a step's end, over all stages.
    public long images(long step) { return plan.stages().stream().mapToLong(stage -> stage.imagesBy(step)).sum(); }

    /// Needed operations of all steps so far.
    public double flops() { return flops(steps()); }

    /// Those until the end of a step.
    public double flops(long step) { return plan.stages().stream().mapToDouble(stage -> stage.flopsBy(step)).sum(); }

    /// From the process's start to its end; so far, where it has not ended.
    public double seconds() { return isFinished() ? result.path("seconds").asDouble() : number(training().getLast(), "seconds"); }

    public double imagesPerSecond() {
        return isFinished() ? result.path("images_per_second").asDouble() : number(training().getLast(), "images_per_second");
    }

    /// Largest resident memory; none while the run is not at its end.
    public OptionalDouble peakMib() {
        return isFinished() ? OptionalDouble.of(result.path("peak_mib").asDouble()) : OptionalDouble.empty();
    }

    /// The mean of a loss over the last tenth of the rows that have it.
    public OptionalDouble last(String loss) {
        var values = training().stream().filter(row -> row.get(loss) instanceof Number).mapToDouble(row -> number(row, loss)).toArray();
        int tail = (int) Math.ceil(values.length * TAIL);
        return java.util.Arrays.stream(values, values.length - tail, values.length).average();
    }

    /// From the process's start to a step, by the last row before; NaN where there is none.
    public double seconds(long step) {
        return training().stream().filter(row -> step(row) <= step).mapToDouble(row -> number(row, "seconds")).reduce((_, b) -> b)
                .orElse(Double.NaN);
    }

    /// Rows of the validation loss.
    public List<Map<String, Object>> validations() { return rows.stream().filter(row -> "validation".equals(row.get("event"))).toList(); }

    /// A quantity of the last validation.
    public OptionalDouble validation(String key) {
        return validations().stream().filter(row -> row.get(key) instanceof Number).mapToDouble(row -> number(row, key))
                .reduce((_, b) -> b);
    }

    /// What evaluations on the way found, over the steps, by name: `blocks/seen`.
    public Map<String, LinePlot.Series> evaluations() { return MetricsLog.scores(rows); }

    /// Scores of a suite by set: `blocks` of `result.json`.
    public JsonNode scores() { return result.path("blocks"); }

    public static long step(Map<String, Object> row) { return (long) number(row, "step"); }

    public static double number(Map<String, Object> row, String key) {
        return row.get(key) instanceof Number value ? value.doubleValue() : Double.NaN;
    }

    /// The rows that have a loss, for curves.
    List<Map<String, Object>> having(String key) { return training().stream().filter(row -> row.get(key) instanceof Number).toList(); }
}
