package dev.fusedit.trainer.stage;

import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.data.BlocksBatches;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.eval.blocks.BlocksScore;
import dev.fusedit.trainer.log.LinePlot;
import dev.fusedit.trainer.log.MetricsLog;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.log.ResultJson;
import dev.fusedit.trainer.optim.Moments;
import dev.fusedit.trainer.optim.MovingAverage;
import dev.fusedit.trainer.recipe.Data;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.Sampling;
import dev.fusedit.trainer.recipe.Stage;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongFunction;

/// A recipe, run from its first step to its score: stage after stage, with previews, metrics and checkpoints on the way.
///
/// Everything here happens on the calling thread, which is the one that runs torch.
public final class TrainingRun implements AutoCloseable {
    private final Recipe recipe;
    private final RunFolder folder;
    private final Interrupts interrupts;
    private final ProgressLine console;
    private final TensorScope scope = TensorScope.open();
    private final List<StagePlan> plans;
    private final Trainee trainee;
    private final BlocksBatches data;
    private final Checkpoints checkpoints;
    private final MetricsLog metrics;
    private final StageClock clock;
    private final MovingAverage average = new MovingAverage();
    private final Moments moments = new Moments();

    /// Builds the untrained model; nothing is trained yet.
    public TrainingRun(Recipe recipe, RunFolder folder, Interrupts interrupts, ProgressLine console) {
        this.recipe = recipe;
        this.folder = folder;
        this.interrupts = interrupts;
        this.console = console;
        plans = StagePlan.of(recipe);
        clock = new StageClock(plans);
        var tokenizer = WordTokenizer.of(BlocksText.words());
        var seed = Seed.of(recipe.run().seed());
        trainee = Trainee.fresh(recipe, tokenizer, Precisions.of(recipe), seed.derive("weights"));
        data = switch (recipe.data()) {
            case Data.WebDataset _ -> throw new UserError("to come");
            case Data.Blocks blocks -> new BlocksBatches(blocks.seed(), blocks.mix().blocks(), tokenizer, recipe.model().llm().maxTokens());
        };
        checkpoints = new Checkpoints(folder.checkpoints(), recipe.checkpoints().keep());
        metrics = new MetricsLog(folder.metrics());
    }

    /// What is trained, for those who want to look at it meanwhile.
    public Trainee trainee() { return trainee; }

    /// Trains all stages, draws, scores, and writes what the folder is to hold.
    ///
    /// @throws Interrupted if a signal came; a checkpoint is written first
    public ResultJson run() {
        for (var plan : plans) {
            train(plan);
        }
        console.message(
                "Drawing and judging " + recipe.evaluation().sets().size() * 6 * recipe.evaluation().promptsPerKind() + " pictures");
        var scores = withSampledWeights(() -> {
            new Showcase(painter()).write(folder, folder.samples());
            return BlocksExam.sit(painter(), recipe.evaluation());
        });
        plotLosses();
        return result(scores);
    }

    private void train(StagePlan plan) {
        var stage = plan.stage();
        clock.begin(plan);
        try (var loop =
                new StageLoop(recipe.run(), plan, 0, trainee, losses(stage), batches(plan), recipe.data().workers(), average, moments)) {
            while (!loop.isDone()) {
                var report = loop.step();
                log(plan, report);
                long done = plan.firstStep() + report.step() + 1;
                if (interrupts.status() != 0) {
                    throw new Interrupted(interrupts.status(), save(done, loop), done);
                }
                var every = recipe.checkpoints().every();
                if (every != null && done % every == 0 || loop.isDone()) {
                    save(done, loop);
                }
                var preview = recipe.logging().previewEvery();
                if (preview != null && stage.losses().flow() != null && done % preview == 0 && !loop.isDone()) {
                    preview(done);
                }
            }
        }
        clock.end(plan);
    }

    private StepLosses losses(Stage stage) {
        var flow = stage.losses().flow() == null ? null
                : ModelConfigs.flow(recipe.model(), stage.losses().flow(), FlowMatchScheduler.shifted(stage.losses().flow().shift()));
        var model = trainee.model().masked(GradientMasks.of(stage.gradientMask()));
        return new StepLosses(model, stage.losses(), flow, trainee.latents(), recipe.data().imageSize(), trainee.weights().placement(),
                Seed.of(recipe.run().seed()));
    }

    private LongFunction<Batch> batches(StagePlan plan) {
        var wanted = new BlocksBatches.Wanted(plan.firstPicture(), StagePlan.pictures(plan.stage()), plan.firstSentence(),
                StagePlan.sentences(plan.stage()),
                plan.stage().captionDropout());
        return step -> data.of(step, wanted);
    }

    private void log(StagePlan plan, StageLoop.Report report) {
        clock.step(plan, report.step());
        console.update(
                new ProgressLine.Progress(plan.stage().name(), report.step() + 1, plan.steps(), report.total(), clock.imagesPerSecond(),
                        clock.secondsLeft()));
        if (report.step() % recipe.logging().metricsEvery() == 0 || report.step() + 1 == plan.steps()) {
            var row = new LinkedHashMap<String, Object>();
            row.put("stage", plan.stage().name());
            row.put("loss", report.total());
            row.putAll(report.losses());
            row.put("gradient_norm", report.gradientNorm());
            row.put("rate", report.rate());
            if (report.outcome() != StageLoop.Outcome.LEARNED) {
                row.put("outcome", report.outcome().name().toLowerCase(Locale.ROOT));
            }
            if (recipe.run().precision() == Run.Precision.F16) {
                row.put("loss_scale", report.lossScale());
            }
            row.put("images_per_second", clock.imagesPerSecond());
            row.put("seconds", ProcessFigures.seconds());
            metrics.row(plan.firstStep() + report.step() + 1, row);
        }
    }

    private java.nio.file.Path save(long step, StageLoop loop) {
        return checkpoints.save(step, SavedModel.files(recipe, trainee, average, loop.tensors()));
    }

    private void preview(long step) {
        withSampledWeights(() -> {
            var file = folder.folder().resolve("previews").resolve("step-%06d.png".formatted(step));
            new Showcase(painter()).writePreview(folder, file);
            return file;
        });
    }

    private Painter painter() { return Painter.of(recipe, trainee); }

    /// Runs `body` with the weights that pictures are drawn with: the average, if the recipe says so.
    <T> T withSampledWeights(java.util.function.Supplier<T> body) {
        if (recipe.sampling().weights() == Sampling.Weights.RAW || average.isEmpty()) {
            return body.get();
        }
        try (var _ = new AveragedWeights(trainee.weights(), average)) {
            return body.get();
        }
    }

    private void plotLosses() {
        var curves = MetricsLog.curves(MetricsLog.rows(folder.metrics()), "loss");
        folder.write(folder.lossPlot(), new LinePlot("Loss", "step", curves, true, 0.9).picture().png());
    }

    private ResultJson result(Map<String, BlocksScore> scores) {
        var result =
                new ResultJson(ProcessFigures.seconds(), plans.getLast().endStep(), clock.meanImagesPerSecond(), ProcessFigures.peakMiB(),
                        recipe.sampling().guidance(), recipe.sampling().steps(),
                        recipe.sampling().weights().name().toLowerCase(Locale.ROOT), scores);
        folder.write(folder.result(), result.text().getBytes(StandardCharsets.UTF_8));
        return result;
    }

    /// Frees the model and closes the logs.
    @Override
    public void close() {
        metrics.close();
        console.close();
        average.close();
        moments.close();
        trainee.close();
        scope.close();
    }
}
