package dev.fusedit.trainer.compare;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.eval.ScoreRows;
import dev.fusedit.trainer.log.LinePlot;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.recipe.RecipeDifference;
import dev.fusedit.trainer.step.StepLosses;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Runs side by side, as tables whose first column says what is compared, and whose others are the runs.
///
/// @param runs at least one
public record Comparison(ImmutableList<ComparedRun> runs) {
    /// Keys that say nothing of what is learned.
    private static final Set<String> LABELS = Set.of("run.name", "run.folder", "run.minutes");
    private static final String NOTHING = "-";

    public Comparison {
        checkArgument(!runs.isEmpty(), "no run is compared");
    }

    /// @param folders of runs
    /// @throws UserError naming the one that cannot be read, or that is given twice
    public static Comparison of(List<Path> folders) {
        var labels = labels(folders);
        return new Comparison(IntStream.range(0, folders.size()).mapToObj(i -> ComparedRun.read(labels.get(i), folders.get(i)))
                .collect(ImmutableList.toImmutableList()));
    }

    /// The folders' last names; where they are equal, as much more of the paths as tells them apart.
    static List<String> labels(List<Path> folders) {
        var paths = folders.stream().map(folder -> folder.toAbsolutePath().normalize()).toList();
        var seen = new HashSet<Path>();
        for (var path : paths) if (!seen.add(path)) throw new UserError("compare: run " + path + " is given twice");
        for (int names = 1;; names++) {
            int most = names;
            var labels = paths.stream().map(path -> path.subpath(Math.max(0, path.getNameCount() - most), path.getNameCount()).toString())
                    .toList();
            if (Set.copyOf(labels).size() == labels.size()) return labels;
        }
    }

    private List<String> heads(String first) {
        var heads = new ArrayList<>(List.of(first));
        runs.forEach(run -> heads.add(run.label() + (run.isFinished() ? "" : " (not at its end)")));
        return heads;
    }

    private List<String> row(String name, Function<ComparedRun, String> cell) {
        var cells = new ArrayList<>(List.of(name));
        runs.forEach(run -> cells.add(cell.apply(run)));
        return cells;
    }

    /// The recipes' keys whose values are not the same in all runs, defaults included. Only the heads where all are the same.
    public List<List<String>> differences() {
        var recipes = runs.stream().map(run -> RecipeDifference.flat(run.recipe().canonical())).toList();
        var keys = new LinkedHashSet<String>();
        recipes.forEach(recipe -> keys.addAll(recipe.keySet()));
        var rows = new ArrayList<>(List.of(heads("recipe")));
        for (var key : keys) {
            var values = recipes.stream().map(recipe -> recipe.getOrDefault(key, NOTHING)).toList();
            if (LABELS.contains(key) || ImmutableSet.copyOf(values).size() == 1) continue;
            var row = new ArrayList<>(List.of(key));
            row.addAll(values);
            rows.add(row);
        }
        return rows;
    }

    /// What the runs are and took, and their losses.
    public List<List<String>> quantities() {
        var rows = new ArrayList<>(List.of(heads("taken")));
        rows.add(row("parameters", run -> number(run.plan().parameters().total())));
        rows.add(row("trained", run -> number(run.plan().parameters().trainable())));
        rows.add(row("steps", run -> number(run.steps())));
        rows.add(row("images", run -> number(run.images())));
        rows.add(row("training FLOPs", run -> String.format(Locale.ROOT, "%.3g", run.flops())));
        rows.add(row("time", run -> ProgressLine.clock(run.seconds())));
        rows.add(row("images/s", run -> String.format(Locale.ROOT, "%,.1f", run.imagesPerSecond())));
        rows.add(row("peak MiB", run -> text(run.peakMib(), "%,.0f")));
        for (var loss : StepLosses.NAMES) addIfAny(rows, loss + " loss", run -> run.last(loss));
        addIfAny(rows, "validation flow", run -> run.validation("flow"));
        addIfAny(rows, "caption perplexity", run -> run.validation("caption_perplexity"));
        return rows;
    }

    private static String number(long value) { return String.format(Locale.ROOT, "%,d", value); }

    private void addIfAny(List<List<String>> rows, String name, Function<ComparedRun, OptionalDouble> value) {
        if (runs.stream().anyMatch(run -> value.apply(run).isPresent())) rows.add(row(name, run -> text(value.apply(run), "%.4g")));
    }

    private static String text(OptionalDouble value, String form) {
        return value.isPresent() ? String.format(Locale.ROOT, form, value.getAsDouble()) : NOTHING;
    }

    /// Scores with their 95 % intervals, a row for each kind of each set. Only the heads where no run has any.
    public List<List<String>> scores() {
        var rows = new ArrayList<>(List.of(heads("scores")));
        rows.addAll(ScoreRows.of(runs.stream().map(ComparedRun::scores).toList()));
        return rows;
    }

    /// What evaluations of the runs found, by suite and number, with 95 % intervals and of how many prompts, pairs or images. Only the heads
    /// where no run has any.
    public List<List<String>> suites() {
        var names = new LinkedHashSet<String>();
        runs.forEach(run -> names.addAll(run.suites().keySet()));
        var rows = new ArrayList<>(List.of(heads("evaluated")));
        for (var name : names) rows.add(row(name, run -> suite(run.suites().get(name))));
        return rows;
    }

    private static String suite(@Nullable ObjectNode number) {
        if (number == null) return NOTHING;
        var interval = number.path("interval");
        return String.format(Locale.ROOT, "%.4g", number.path("value").asDouble())
                + (interval.isEmpty() ? ""
                        : String.format(Locale.ROOT, " (%.4g to %.4g)", interval.path(0).asDouble(), interval.path(1)
                                .asDouble()))
                + ", n " + number.path("n").asText(NOTHING);
    }

    /// The last evaluation on the way of each run, by suite and number, with 95 % intervals. Only the heads where no run has any.
    public List<List<String>> evaluations() {
        var rows = new ArrayList<>(List.of(heads("last evaluation on the way")));
        for (var name : evaluated()) rows.add(row(name, run -> last(run.evaluations().get(name))));
        return rows;
    }

    /// Names of the numbers that runs were evaluated by on the way.
    Set<String> evaluated() {
        var names = new LinkedHashSet<String>();
        runs.forEach(run -> names.addAll(run.evaluations().keySet()));
        return names;
    }

    private static String last(LinePlot.@Nullable Series curve) {
        if (curve == null) return NOTHING;
        int last = curve.x().length - 1;
        return String.format(Locale.ROOT, "%.3g (%.3g to %.3g), step %,d", curve.y()[last], curve.low()[last], curve.high()[last],
                (long) curve.x()[last]);
    }
}
