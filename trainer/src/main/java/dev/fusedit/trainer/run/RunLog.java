package dev.fusedit.trainer.run;

import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.data.SampleKeys;
import dev.fusedit.trainer.eval.Validation;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.log.EventFile;
import dev.fusedit.trainer.log.LinePlot;
import dev.fusedit.trainer.log.MetricsLog;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.pace.Speed;
import dev.fusedit.trainer.recipe.Logging;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.sampling.SamplingProgress;
import dev.fusedit.trainer.stage.StageLoop;
import dev.fusedit.trainer.stage.StagePlan;
import dev.fusedit.trainer.step.StepOutcome;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All that a run tells while it trains: the console's line, `metrics.jsonl`, TensorBoard's events.
final class RunLog implements AutoCloseable {
    private static final String SUM = "loss";
    private static final String GRADIENT = "gradient_norm";
    /// Of a stage's time, and in seconds.
    private static final double NOTABLE_WAIT = 0.05;
    private static final double LONG_WAIT = 5;
    private static final Logger LOG = LoggerFactory.getLogger(RunLog.class);

    private final Logging settings;
    private final boolean scalesLoss;
    private final RunFolder folder;
    private final ProgressLine console;
    private final MetricsLog metrics;
    private final @Nullable EventFile events;
    private final RunWatch watch;

    /// @param step after which the run goes on, 0 for a new one; what was told of later steps is void
    /// @param request how the run was asked for
    /// @throws dev.fusedit.torch.UserError if the recipe names a hook that nobody has allowed
    RunLog(Logging settings, RunRequest request, Run.Precision precision, RunFolder folder, ProgressLine console, long step) {
        watch = new RunWatch(settings, request, folder, console::message);
        this.settings = settings;
        scalesLoss = precision == Run.Precision.F16;
        this.folder = folder;
        this.console = console;
        metrics = new MetricsLog(folder.metrics());
        metrics.cutAfter(step);
        events = settings.tensorboard() ? EventFile.create(folder.events(), step) : null;
    }

    /// The first step is next: from now on others look on.
    void begins(RunWatch.Begun run) { watch.begin(run); }

    void resumed(long step) { metrics.event("resume", step, Map.of()); }

    /// A checkpoint's moments are left out.
    void otherOptimizer(Checkpoint from) {
        say("The optimizer begins anew: what it remembers in %s is of another one".formatted(from.folder()));
    }

    /// @param stage its name
    /// @param steps of the stage
    /// @param step global number of the step, from 1
    /// @param last whether the stage ends with it: such a step always has a row
    void step(String stage, long steps, long step, StageLoop.Report report, boolean last, Speed speed) {
        console.update(new ProgressLine.Progress(stage, report.step() + 1, steps, report.total(), speed.imagesPerSecond(),
                speed.secondsLeft()));
        if (report.step() % settings.metricsEvery() != 0 && !last) {
            return;
        }
        var values = new LinkedHashMap<String, Double>();
        values.put(SUM, report.total());
        values.putAll(report.losses());
        values.put(GRADIENT, report.gradientNorm());
        values.put("rate", report.rate());
        if (scalesLoss) {
            values.put("loss_scale", report.lossScale());
        }
        var row = new LinkedHashMap<String, Object>();
        row.put("stage", stage);
        row.putAll(values);
        if (report.outcome() != StepOutcome.LEARNED) {
            row.put("outcome", report.outcome().name().toLowerCase(Locale.ROOT));
        }
        if (!report.samples().isEmpty()) {
            row.put("samples", SampleKeys.text(report.samples()));
        }
        row.put("images_per_second", speed.imagesPerSecond());
        row.put("seconds", speed.seconds());
        watch.row(metrics.row(step, row));
        values.put("images_per_second", speed.imagesPerSecond());
        scalars(step, "train", values);
    }

    void validation(StagePlan plan, long step, Validation.Found found) {
        var row = new LinkedHashMap<String, Object>();
        row.put("stage", plan.stage().name());
        row.putAll(found.values());
        watch.row(metrics.event("validation", step, row));
        scalars(step, "validation", found.scalars());
    }

    /// @param found by suite and number
    void evaluation(StagePlan plan, long step, Map<String, Estimate> found) {
        var scores = new LinkedHashMap<String, Object>();
        found.forEach((name, number) -> scores.put(name, number.toJson()));
        var row = new LinkedHashMap<String, Object>();
        row.put("stage", plan.stage().name());
        row.put("scores", scores);
        metrics.event(MetricsLog.EVALUATION, step, row);
        var values = new LinkedHashMap<String, Double>();
        found.forEach((name, number) -> values.put(name, number.value()));
        scalars(step, MetricsLog.EVALUATION, values);
        say("Evaluation after step %d: %s".formatted(step, found.entrySet().stream()
                .map(number -> number.getKey() + " " + number.getValue().text(3)).collect(Collectors.joining(", "))));
    }

    /// Whether there is a row of the evaluation after a step.
    boolean isEvaluated(long step) {
        return MetricsLog.rows(folder.metrics()).stream().anyMatch(row -> MetricsLog.EVALUATION.equals(row.get("event"))
                && row.get("step") instanceof Number at && at.longValue() == step);
    }

    /// What of a stage's time its steps waited for data: told if it is worth a remedy, else for those who debug.
    void waited(String stage, double waited, double seconds) {
        var text = "%s: its steps waited for data %.1f s of %.1f s (%.1f %%)".formatted(stage, waited, seconds, 100 * waited / seconds);
        LOG.debug(text);
        if (waited >= LONG_WAIT && waited >= NOTABLE_WAIT * seconds)
            say(text + ". Raise data.workers; 'bench feed' tells how fast the data comes");
    }

    /// @param file of the grid
    void preview(long step, Path file, PngImage image) {
        watch.preview(step, file);
        if (events != null) {
            events.image(step, "preview", image);
        }
    }

    private void scalars(long step, String group, Map<String, Double> values) {
        if (events != null) {
            var tagged = new LinkedHashMap<String, Double>();
            values.forEach((name, value) -> tagged.put(group + "/" + name, value));
            events.scalars(step, tagged);
        }
    }

    /// Rows up to here outlast a power cut: before a checkpoint claims their steps.
    void force() { metrics.force(); }

    /// Each loss by itself, as it is before it is weighted: their sum changes with what is in it.
    void plotLosses() {
        var rows = MetricsLog.rows(folder.metrics());
        var curves = MetricsLog.curves(rows, losses(rows));
        folder.write(folder.lossPlot(), new LinePlot("Losses", "step", "loss (not weighted)", curves, true, 0.9).image().png());
    }

    /// Names of the losses in rows of training, where they stand between their sum and the gradient; the sum's where there is but one loss.
    private static List<String> losses(List<Map<String, Object>> rows) {
        var names = new LinkedHashSet<String>();
        for (var row : rows) {
            if (row.containsKey(SUM)) {
                row.keySet().stream().dropWhile(key -> !key.equals(SUM)).skip(1).takeWhile(key -> !key.equals(GRADIENT))
                        .forEach(names::add);
            }
        }
        return names.isEmpty() ? List.of(SUM) : List.copyOf(names);
    }

    /// The console's line of images that are sampled.
    ///
    /// @param seconds expected for all of them
    SamplingProgress sampling(String name, int images, double seconds) {
        return new SamplingProgress(console, name, images, seconds, 0, System::nanoTime);
    }

    void say(String text) { console.message(text); }

    @Override
    public void close() {
        metrics.close();
        watch.close();
        console.close();
        if (events != null) {
            events.close();
        }
    }
}
