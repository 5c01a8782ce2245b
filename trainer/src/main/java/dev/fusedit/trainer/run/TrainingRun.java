package dev.fusedit.trainer.run;

import com.google.common.base.Joiner;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.torch.MemoryShortage;
import dev.fusedit.torch.StartingMemory;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.ReferencesFile;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.checkpoint.Snapshot;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.shards.CacheLocks;
import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import dev.fusedit.trainer.eval.ResultJson;
import dev.fusedit.trainer.eval.Validation;
import dev.fusedit.trainer.eval.blocks.BlocksChecker;
import dev.fusedit.trainer.eval.blocks.BlocksScore;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.eval.suite.BlocksSuite;
import dev.fusedit.trainer.eval.suite.ProgressEvaluation;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.model.StartingWeights;
import dev.fusedit.trainer.pace.Pace;
import dev.fusedit.trainer.pace.PaceTrial;
import dev.fusedit.trainer.pace.Pause;
import dev.fusedit.trainer.pace.RunForecast;
import dev.fusedit.trainer.pace.StageClock;
import dev.fusedit.trainer.pace.StepEstimate;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.report.PlannedUse;
import dev.fusedit.trainer.sampling.ImageSampler;
import dev.fusedit.trainer.sampling.Showcase;
import dev.fusedit.trainer.sampling.ShowcasePrompt;
import dev.fusedit.trainer.sampling.ShowcasePrompts;
import dev.fusedit.trainer.stage.DataMark;
import dev.fusedit.trainer.stage.MemoryRemedies;
import dev.fusedit.trainer.stage.RecipeData;
import dev.fusedit.trainer.stage.Resumption;
import dev.fusedit.trainer.stage.RunFigures;
import dev.fusedit.trainer.stage.RunMachine;
import dev.fusedit.trainer.stage.RunSnapshot;
import dev.fusedit.trainer.stage.RunState;
import dev.fusedit.trainer.stage.RunTensors;
import dev.fusedit.trainer.stage.StageLoop;
import dev.fusedit.trainer.stage.StageParts;
import dev.fusedit.trainer.stage.StagePlan;
import dev.fusedit.trainer.stage.cache.TrainingCache;
import dev.fusedit.trainer.step.DivergedException;
import dev.fusedit.trainer.step.Ranks;
import dev.fusedit.trainer.step.StepOutOfMemory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A recipe, run from its first step, or from a checkpoint's, to its score: stage after stage, with previews, metrics and checkpoints on the
/// way.
///
/// **Going on.** Whatever a step reads is in the checkpoint or a function of recipe and step. So a run that was stopped and continued
/// ends with the same bits, on the CPU, as one that never was. All that a step gives rise to (row, validation, preview) is done before its
/// checkpoint is begun: a checkpoint of step n proves that all of it is there up to n.
///
/// Everything here happens on the calling thread, which is the one that runs torch; batches are made and checkpoints written by others.
public final class TrainingRun implements AutoCloseable {
    private final Recipe recipe;
    private final RunFolder folder;
    private final Interrupts interrupts;
    private final Ranks ranks;
    private final List<StagePlan> plans;
    private final @Nullable Validation validation;
    private final Optional<ProgressEvaluation> evaluation;
    private final @Nullable Resumption resumption;
    private final StageClock clock;
    private final RunLog log;
    private final RunTensors tensors;
    private final SharedTensors shared;
    private final Batches data;
    private final List<ShowcasePrompt> prompts;
    private final ReferencesFile references;
    private final StageParts parts;
    private final RunCheckpoints checkpoints;
    private final Opened opened = new Opened();

    private final StepEstimate estimate;
    private final Optional<PlannedUse> planned;
    private @Nullable Pace pace;

    /// Steps that were done before this process.
    private final long begun;

    /// Steps done, over all stages; a stage that ended early counts to its end.
    private long done;

    /// A step that is done, and whose row is not written: on a GPU its numbers come with the next one.
    private @Nullable Runnable row;

    /// A new run. Builds the untrained model; nothing is trained yet.
    public TrainingRun(Recipe recipe, RunFolder folder, Interrupts interrupts, ProgressLine console) {
        this(new RunStart.Fresh(folder, RunLength.asWritten(recipe)), interrupts, console);
    }

    /// As the one below, of a recipe whose data no command is run for.
    public TrainingRun(RunStart start, Interrupts interrupts, ProgressLine console) {
        this(start, RunRequest.NONE, Pipes.REFUSED, Ranks.ALONE, interrupts, console);
    }

    /// @param start must not be a finished run
    /// @param request how it was asked for
    /// @param pipes whether commands that the recipe names are run
    /// @param ranks the processes that share the steps; this one is the first
    /// @throws UserError if the checkpoint, or the files that weights begin with, do not fit the recipe
    public TrainingRun(RunStart start, RunRequest request, Pipes pipes, Ranks ranks, Interrupts interrupts, ProgressLine console) {
        var length = start.length();
        this.ranks = ranks;
        recipe = length.recipe();
        pace = length.pace();
        estimate = length.estimate();
        this.folder = start.folder();
        this.interrupts = interrupts;
        try {
            resumption = resumption(start, recipe);
            if (resumption == null) {
                StartingWeights.requireGiven(recipe);
            }
            plans = resumption == null ? StagePlan.of(recipe) : resumption.plans();
            var tokenizer = resumption == null ? RecipeTokenizers.of(recipe) : RecipeTokenizers.of(recipe, resumption.checkpoint());
            data = opened.add(RecipeData.open(recipe, tokenizer, pipes, folder.dataErrors(), console::message), Batches::close);
            prompts = ShowcasePrompts.of(recipe, data);
            if (resumption != null) DataMark.requireSame(resumption.checkpoint(), data);
            validation = recipe.evaluation().validation() == null ? null
                    : new Validation(recipe.evaluation().validation(), data, recipe.sampling().batch(), recipe.validatesText());
            evaluation = ProgressEvaluation.of(recipe);
            begun = resumption == null ? 0 : resumption.step();
            done = begun;
            clock = new StageClock(recipe, plans, resumption == null ? RunFigures.NONE : resumption.figures(), System::nanoTime);
            planned = length.plan();
            log = opened.add(new RunLog(recipe.logging(), request, recipe.run().precision(), folder, console, done), RunLog::close);
            tensors = opened.add(tensors(tokenizer), RunTensors::close);
            shared = new SharedTensors(recipe, tensors, ranks);
            references = new ReferencesFile(tensors.frozen().references(folder.folder()));
            opened.add(TrainingCache.reading(recipe), CacheLocks.Held::close);
            parts = new StageParts(recipe, cached(), tensors, plans, ranks);
            tellOfGoingOn(start);
            checkpoints = opened.add(new RunCheckpoints(recipe.checkpoints(), folder, interrupts, log), RunCheckpoints::close);
            StartingMemory.giveBack();
            opened.add(TensorScope.open(), TensorScope::close);
        } catch (RuntimeException e) {
            opened.closeBeside(e);
            start.refused();
            throw e;
        }
    }

    private RunTensors tensors(Tokenizer tokenizer) {
        try {
            return RunTensors.of(recipe, tokenizer, resumption, ranks, log::say);
        } catch (TorchException e) {
            throw e.isOutOfMemory() ? MemoryRemedies.weights(recipe, e) : e;
        }
    }

    /// What is kept need not be computed.
    private Batches cached() {
        if (recipe.cache() != null)
            log.say("Read from %s, not computed: %s".formatted(recipe.cache().folder(), String.join(", ", recipe.kept())));
        return TrainingCache.of(recipe, data, tensors.bundle());
    }

    private void tellOfGoingOn(RunStart start) {
        switch (start) {
            case RunStart.Fresh _ -> {}
            case RunStart.GoingOn _ -> {
                log.resumed(done);
                if (resumption != null) {
                    tellOfChanges(resumption);
                }
            }
            case RunStart.Finished _ -> {}
        }
    }

    private void tellOfChanges(Resumption from) {
        if (!from.ofThisOptimizer()) {
            log.otherOptimizer(from.checkpoint());
        }
        from.figures().elsewhere(RunMachine.here()).ifPresent(log::say);
    }

    /// Null for a run that begins at its first step.
    private static @Nullable Resumption resumption(RunStart start, Recipe recipe) {
        return switch (start) {
            case RunStart.GoingOn on -> on.checkpoint() == null ? null : Resumption.of(on.checkpoint(), recipe);
            case RunStart.Fresh _ -> null;
            case RunStart.Finished finished -> throw new IllegalArgumentException(finished.folder().folder() + " is finished");
        };
    }

    public String name() { return recipe.run().name(); }

    /// Of the grid at the end.
    public String firstPrompt() { return prompts.getFirst().text(); }

    /// What is trained, for those who want to look at it meanwhile.
    public ModelBundle bundle() { return tensors.bundle(); }

    /// Steps done, over all stages.
    public long done() { return done; }

    public ResultJson run() {
        return switch (run(Long.MAX_VALUE)) {
            case Outcome.Finished(var result) -> result;
            case Outcome.Paused paused -> throw new IllegalStateException("paused at " + paused);
        };
    }

    /// Trains what is left of all stages, samples, scores, and writes what the folder is to hold.
    ///
    /// @param upTo ends after this step, counted over all stages, with a checkpoint. No schedule changes by it
    /// @throws Interrupted if a signal came; a checkpoint is written first
    /// @throws DivergedException if a number is not finite any more; the state before that step is saved first
    public Outcome run(long upTo) {
        gather();
        expect();
        catchUp();
        for (var plan : plans) {
            if (done < plan.endStep() && done < upTo) {
                train(plan, upTo);
            }
        }
        if (done < plans.getLast().endStep()) {
            return new Outcome.Paused(done, checkpoints.of(done));
        }
        var scores = scores();
        log.plotLosses();
        return new Outcome.Finished(result(scores));
    }

    /// The other processes build the run, which they find in its folder.
    private void gather() {
        shared.tell(new Order.Start(recipe.canonical(), folder.folder().toAbsolutePath(),
                Optional.ofNullable(resumption).map(from -> from.checkpoint().folder().toAbsolutePath())));
        var agreement = new RankAgreement(ranks.group());
        agreement.requireSameData(data);
        agreement.shareWeights(tensors);
    }

    /// How long what is left takes here, measured once: a run that is stopped meanwhile is not held up.
    private void expect() {
        if (pace == null) {
            pace = PaceTrial.of(parts, estimate, done, () -> interrupts.status() != 0);
        }
        clock.expect(pace);
        log.begins(begun(RunForecast.of(recipe, plans, pace, done)));
        if (interrupts.status() == 0) {
            log.say("%s, %s%s; %s".formatted(recipe.run().precision().word(),
                    ranks.group().isAlone() ? "" : ranks.count() + " processes of ", lanes(), RunForecast.of(recipe, plans, pace, done)));
        }
    }

    private RunWatch.Begun begun(RunForecast forecast) {
        long steps = plans.getLast().endStep();
        long images = plans.stream().mapToLong(each -> each.steps() * StagePlan.images(each.stage())).sum();
        return new RunWatch.Begun(name(), recipe.canonical(), planned, done, steps, images,
                Optional.of(clock.seconds() + forecast.total()), Precisions.device(recipe.run()));
    }

    /// `2 lanes`, `lanes 2, 1, 2` where stages differ.
    private String lanes() {
        var each = plans.stream().map(plan -> StagePlan.lanes(recipe.run(), plan.stage(), ranks.count())).toList();
        boolean same = each.stream().distinct().count() == 1;
        return !same ? "lanes " + Joiner.on(", ").join(each) : each.getFirst() == 1 ? "1 lane" : each.getFirst() + " lanes";
    }

    // ---- training

    private void train(StagePlan plan, long upTo) {
        long first = done - plan.firstStep();
        clock.begin(plan, first);
        long began = System.nanoTime();
        try (var loop = parts.loop(plan, first, tensors.emaWeights(), tensors.optimizerState())) {
            boolean restored = resumption != null && resumption.ofThisOptimizer() && first > 0;
            shared.tell(new Order.Stage(plan.index(), first, restored));
            if (resumption != null && restored) {
                loop.restoreRules(resumption.state().loop());
            }
            while (!loop.isDone() && done < upTo) {
                stepAndWhatFollows(plan, loop, upTo);
            }
            log.waited(plan.stage().name(), loop.waited(), (System.nanoTime() - began) / 1e9);
        }
        clock.end(plan);
    }

    private void stepAndWhatFollows(StagePlan plan, StageLoop loop, long upTo) {
        try {
            step(plan, loop);
            if (loop.isDone()) settle(loop);
            report(plan, loop);
            save(plan, loop, upTo);
        } catch (DivergedException e) {
            row = null;
            done = e.stepsDone();
            checkpoints.now(done, () -> snapshot(plan, loop));
            throw e;
        }
    }

    private void step(StagePlan plan, StageLoop loop) {
        try {
            shared.tell(new Order.Step());
            var report = loop.step();
            long step = plan.firstStep() + report.step() + 1;
            clock.step(plan, report.step());
            writeRow();
            boolean last = loop.isDone();
            row = () -> log.step(plan.stage().name(), plan.steps(), step, report, last, clock);
            if (report.isKnown()) writeRow();
            done = last ? plan.endStep() : step;
        } catch (StepOutOfMemory e) {
            var device = MemoryRemedies.givenBack(recipe.run());
            saveWhatIsNew(plan, loop);
            throw MemoryRemedies.step(recipe, plan.stage(), device, estimate.memory(plan), e);
        } catch (TorchException e) { // in the midst of an update: there is no state to save
            throw e.isOutOfMemory() ? MemoryRemedies.step(recipe, plan.stage(), "", estimate.memory(plan), e) : e;
        }
    }

    private void writeRow() {
        if (row != null) row.run();
        row = null;
    }

    /// All that the steps up to here give rise to is there.
    private void settle(StageLoop loop) {
        loop.settle();
        writeRow();
    }

    private void saveWhatIsNew(StagePlan plan, StageLoop loop) {
        if (done > begun) {
            checkpoints.ifPossible(done, () -> snapshot(plan, loop));
        }
    }

    /// Something between two steps, which leaves the weights as they are.
    ///
    /// @param shortage what is told if memory does not hold it; the state is saved first
    private <T> T between(StagePlan plan, StageLoop loop, Supplier<T> body, BiFunction<Recipe, Throwable, UserError> shortage) {
        settle(loop);
        try {
            return withSampledWeights(body);
        } catch (RuntimeException e) {
            if (!MemoryShortage.is(e)) {
                throw e;
            }
            saveWhatIsNew(plan, loop);
            throw shortage.apply(recipe, e);
        }
    }

    /// What a step is followed by now and then.
    private void report(StagePlan plan, StageLoop loop) {
        var stage = plan.stage();
        boolean stageEnds = loop.isDone();
        var validates = recipe.evaluation().validation();
        if (validation != null && validates != null && (done % validates.every() == 0 || stageEnds)) {
            var found =
                    between(plan, loop, () -> validation.of(bundle(), parts.flow(stage), recipe.sizes(stage)), MemoryRemedies::validation);
            log.validation(plan, done, found);
            clock.paused(Pause.VALIDATION);
        }
        var preview = recipe.logging().previewEvery();
        if (preview != null && stage.losses().flow() != null && done % preview == 0 && !stageEnds) {
            var image = between(plan, loop, () -> showcase(sampler()).writePreview(folder, done), MemoryRemedies::images);
            log.preview(done, Showcase.preview(folder, done), image);
            clock.paused(Pause.PREVIEW);
        }
        evaluate(plan, loop);
    }

    /// An evaluation after a step, once all else that the step gives rise to is there. Where a signal cuts it short the state is saved, and
    /// [#catchUp] does what is left.
    private void evaluate(StagePlan plan, StageLoop loop) {
        if (evaluation.isEmpty() || !recipe.evaluation().isDue(plan.stage(), done, loop.isDone())) return;
        try {
            log.evaluation(plan, done, between(plan, loop, () -> found(evaluation.get()), MemoryRemedies::images));
            clock.paused(Pause.EVALUATION);
        } catch (Interrupted e) {
            checkpoints.now(done, () -> snapshot(plan, loop));
            throw e;
        }
    }

    /// The evaluation after the step that the run goes on from, where it was cut short.
    private void catchUp() {
        if (evaluation.isEmpty()) return;
        for (var plan : plans) {
            boolean isPresent = plan.firstStep() < done && done <= plan.endStep();
            if (!isPresent || !recipe.evaluation().isDue(plan.stage(), done, done == plan.endStep()) || log.isEvaluated(done)) continue;
            try {
                log.evaluation(plan, done, withSampledWeights(() -> found(evaluation.get())));
            } catch (RuntimeException e) {
                throw MemoryShortage.is(e) ? MemoryRemedies.images(recipe, e) : e;
            }
        }
    }

    private Map<String, Estimate> found(ProgressEvaluation suites) {
        var progress = log.sampling("evaluation", Math.max(1, suites.images()), Double.NaN);
        return suites.of(bundle(), folder.folder(), done,
                sampler -> sampler.pausing(() -> checkpoints.requireGoOn(done)).watched(progress::add));
    }

    private void save(StagePlan plan, StageLoop loop, long upTo) {
        boolean runEnds = done >= upTo || done == plans.getLast().endStep();
        if (checkpoints.after(done, loop.isDone(), runEnds, () -> snapshot(plan, loop))) {
            clock.paused(Pause.CHECKPOINT);
        }
    }

    private Snapshot snapshot(StagePlan plan, StageLoop loop) {
        settle(loop);
        var state = RunState.of(recipe, plan, done, tensors.emaWeights().updates(), loop.state());
        try (var _ = TensorScope.open()) {
            return RunSnapshot.of(recipe, tensors, shared.saved(checkpoints.shards(), done), state, clock.figures(), references, data);
        }
    }

    // ---- images and scores

    private Map<String, BlocksScore> scores() {
        try {
            return withSampledWeights(this::sampleAndScore);
        } catch (RuntimeException e) {
            throw MemoryShortage.is(e) ? MemoryRemedies.images(recipe, e) : e;
        }
    }

    private Map<String, BlocksScore> sampleAndScore() {
        log.say("Sampling %d images, of which %d are scored".formatted(RunForecast.images(recipe),
                BlocksSuite.images(recipe.evaluation())));
        var progress = log.sampling("score", RunForecast.images(recipe), clock.imagesLeft());
        var sampler = sampler().pausing(() -> checkpoints.requireGoOn(done)).watched(progress::add);
        showcase(sampler).write(folder, folder.samples());
        return BlocksSuite.scores(sampler, recipe.evaluation());
    }

    private Showcase showcase(ImageSampler sampler) {
        return new Showcase(sampler, prompts,
                (caption, rgb) -> BlocksChecker.judge(caption.claim(), rgb).accepted());
    }

    private ImageSampler sampler() { return ImageSampler.of(recipe, bundle()); }

    <T> T withSampledWeights(Supplier<T> body) { return shared.withSampledWeights(body); }

    private ResultJson result(Map<String, BlocksScore> scores) {
        var figures = clock.figures();
        var result = new ResultJson(figures.seconds(), plans.getLast().endStep(), figures.imagesPerSecond(), figures.peakMib(),
                recipe.sampling().guidance(), recipe.sampling().steps(), recipe.sampling().weights().name().toLowerCase(Locale.ROOT),
                scores);
        folder.write(folder.result(), result.text().getBytes(StandardCharsets.UTF_8));
        return result;
    }

    /// Waits for a checkpoint that is being written, frees the model and closes the logs.
    @Override
    public void close() { opened.close(); }
}
