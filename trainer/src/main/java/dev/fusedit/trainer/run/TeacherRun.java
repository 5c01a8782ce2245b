package dev.fusedit.trainer.run;

import dev.fusedit.torch.Device;
import dev.fusedit.torch.MemoryShortage;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.checkpoint.Snapshot;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.pace.Speed;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import dev.fusedit.trainer.report.PlannedUse;
import dev.fusedit.trainer.stage.MemoryRemedies;
import dev.fusedit.trainer.stage.ProcessFigures;
import dev.fusedit.trainer.stage.RunFigures;
import dev.fusedit.trainer.stage.RunMachine;
import dev.fusedit.trainer.stage.StageLoop;
import dev.fusedit.trainer.step.DivergedException;
import dev.fusedit.trainer.step.StepOutOfMemory;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The training of a vision encoder by a recipe, from its first step to its probes. A step is a function of its number and of what the
/// checkpoint before holds, so a run that was stopped goes on as if it had not been.
///
/// It is a run of one stage: its steps, logs and checkpoints are those of [TrainingRun]. Everything here happens on the calling thread, which
/// is the one that runs torch.
public final class TeacherRun implements AutoCloseable {
    private static final double FORWARD = 1 / 3.0;

    private final TeacherRecipe recipe;
    private final TeacherRecipe.Learning learning;
    private final RunFolder folder;
    private final TeacherParts parts;
    private final RunLog log;
    private final RunCheckpoints checkpoints;
    private final Optional<PlannedUse> plan;
    private final Opened opened = new Opened();
    private final long began = System.nanoTime();
    private final long doneBefore;
    /// What processes before this one have cost.
    private final RunFigures before;
    private long done;

    /// Of a program that says nothing of itself.
    public TeacherRun(TeacherStart start, Interrupts interrupts, ProgressLine console) {
        this(start, RunRequest.NONE, Optional.empty(), interrupts, console);
    }

    /// Builds the encoder: untrained, or as the checkpoint has it.
    ///
    /// @param start must not be of a finished run; stays its owner's
    /// @param request how it was asked for
    /// @param plan what it takes, if that was computed
    /// @throws UserError if the checkpoint does not fit the recipe
    public TeacherRun(TeacherStart start, RunRequest request, Optional<PlannedUse> plan, Interrupts interrupts, ProgressLine console) {
        recipe = start.recipe();
        learning = recipe.learning();
        folder = start.folder();
        this.plan = plan;
        done = start.done();
        doneBefore = done;
        before = start.figures();
        try {
            parts = opened.add(TeacherParts.of(start), TeacherParts::close);
            log = opened.add(new RunLog(recipe.logging(), request, Run.Precision.F32, folder, console, done), RunLog::close);
            tellOfGoingOn(start);
            checkpoints = opened.add(new RunCheckpoints(recipe.checkpoints(), folder, interrupts, log), RunCheckpoints::close);
            opened.add(TensorScope.open(), TensorScope::close);
        } catch (RuntimeException e) {
            opened.closeBeside(e);
            start.refused();
            throw e;
        }
    }

    private void tellOfGoingOn(TeacherStart start) {
        if (done > 0) {
            log.resumed(done);
            before.elsewhere(RunMachine.here()).ifPresent(log::say);
        }
        if (!start.ofThisOptimizer()) {
            start.checkpoint().ifPresent(log::otherOptimizer);
        }
    }

    /// Trains, judges, and writes what the folder is to hold.
    ///
    /// @param upTo a step after which to save and stop
    /// @return null if that step came before the last one
    /// @throws Interrupted if a signal came; a checkpoint is written first
    /// @throws DivergedException if a number is not finite any more; the state before that step is saved first
    public @Nullable TeacherResult run(long upTo) {
        log.begins(new RunWatch.Begun(recipe.run().name(), recipe.canonical(), plan, done, learning.steps(),
                (long) learning.steps() * learning.batch(), Optional.empty(), Device.CPU));
        train(upTo);
        if (done < learning.steps()) {
            return null;
        }
        log.plotLosses();
        log.say("Probing %d images".formatted(recipe.probes().fitted() + recipe.probes().judged()));
        double trained = secondsOfTraining();
        var progress = log.sampling("probe", TeacherResult.images(recipe.probes()), secondsOfProbes());
        var result = MemoryShortage.told(
                () -> TeacherResult.of(recipe, parts.model(), trained, done, ProcessFigures.peakMiB(), progress::add),
                "the features of %d images".formatted(recipe.probes().fitted() + recipe.probes().judged()),
                "Take less by --set probes.fitted=%d; the training is saved".formatted(Math.max(1, recipe.probes().fitted() / 2)));
        folder.write(folder.result(), result.json().getBytes(StandardCharsets.UTF_8));
        return result;
    }

    private void train(long upTo) {
        if (done >= Math.min(upTo, learning.steps())) {
            return;
        }
        try (var loop = parts.loop(done, before.images())) {
            while (!loop.isDone() && done < upTo) {
                step(loop);
                checkpoints.after(done, loop.isDone(), loop.isDone() || done >= upTo, this::snapshot);
            }
        }
    }

    private void step(StageLoop loop) {
        try {
            var report = loop.step();
            done = report.step() + 1;
            log.step(TeacherParts.STAGE, learning.steps(), done, report, loop.isDone(), new SpeedSoFar());
        } catch (DivergedException e) {
            done = e.stepsDone();
            checkpoints.now(done, this::snapshot);
            throw e;
        } catch (StepOutOfMemory e) {
            if (done > doneBefore) {
                checkpoints.ifPossible(done, this::snapshot);
            }
            throw MemoryRemedies.teacher(recipe, e);
        } catch (TorchException e) { // in the midst of an update: there is no state to save
            throw e.isOutOfMemory() ? MemoryRemedies.teacher(recipe, e) : e;
        }
    }

    /// By a pass over an image, which takes a third of a step's share; NaN where this process did no step.
    private double secondsOfProbes() {
        double image = secondsOfTraining() / (learning.batch() * (double) (done - doneBefore));
        return done == doneBefore ? Double.NaN : TeacherResult.images(recipe.probes()) * FORWARD * image;
    }

    private Snapshot snapshot() {
        return parts.snapshot(before.now(secondsOfTraining(), (done - doneBefore) * learning.batch(), Device.CPU));
    }

    private double secondsOfTraining() { return (System.nanoTime() - began) / 1e9; }

    /// By the mean of all steps that this process did.
    private final class SpeedSoFar implements Speed {
        private double steps() { return (done - doneBefore) / secondsOfTraining(); }

        @Override
        public double imagesPerSecond() { return steps() * learning.batch(); }

        @Override
        public double secondsLeft() { return (learning.steps() - done) / steps() + secondsOfProbes(); }

        @Override
        public double seconds() { return ProcessFigures.seconds(); }
    }

    /// Steps done.
    public long done() { return done; }

    /// Waits for a checkpoint that is being written, frees the encoder and closes the logs.
    @Override
    public void close() { opened.close(); }
}
