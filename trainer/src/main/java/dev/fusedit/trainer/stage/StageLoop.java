package dev.fusedit.trainer.stage;

import dev.fusedit.torch.Device;
import dev.fusedit.torch.cuda.Nvtx;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.data.DevicePrefetch;
import dev.fusedit.trainer.data.Feed;
import dev.fusedit.trainer.data.PixelArrays;
import dev.fusedit.trainer.data.Prefetch;
import dev.fusedit.trainer.optim.StopRule;
import dev.fusedit.trainer.recipe.Stop;
import dev.fusedit.trainer.step.Deferred;
import dev.fusedit.trainer.step.DivergedException;
import dev.fusedit.trainer.step.StepOutOfMemory;
import dev.fusedit.trainer.step.StepOutcome;
import dev.fusedit.trainer.step.StepReport;
import dev.fusedit.trainer.step.TrainingStep;
import dev.fusedit.trainer.step.UpdateRule;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The steps of one stage: which is next, its batch, and when the stage ends. What a step does is [TrainingStep]'s.
///
/// A step reads nothing but its plan, its number, and what [#state] and [#tensors] hold, so it can be done again.
public final class StageLoop implements AutoCloseable {
    private final UpdateRule rule;
    private final long steps;
    private final @Nullable Stop stopAt;
    private final TrainingStep<Batch, ?> step;
    private final Feed<Batch> batches;
    private final Device device;
    private final PixelArrays arrays = new PixelArrays();
    private @Nullable StopRule stop;
    private long next;
    private long waitedNanos;
    private @Nullable Unseen unseen;
    /// Whether the stop rule ends the stage, by what it had seen when the last step was begun: a pause in between lets it see no more.
    private boolean enough;

    /// The last step, while nobody has seen what it has found.
    private record Unseen(Batch batch, Deferred<StepReport> report) {}

    /// What one step did.
    ///
    /// @param step number in the stage, from 0
    /// @param rate share of the stage's learning rates
    /// @param found what it has found; on a GPU who asks before the next step waits for it
    public record Report(long step, double rate, Deferred<StepReport> found) {
        public boolean isKnown() { return found.isKnown(); }

        /// Keys of the batch's.
        public List<Long> samples() { return found.get().samples(); }

        /// By name: flow, language; not weighted.
        public Map<String, Double> losses() { return found.get().losses().each(); }

        /// The losses' weighted sum.
        public double total() { return found.get().losses().total(); }

        /// Of the whole gradient, before it was shrunk or clipped.
        public double gradientNorm() { return found.get().gradientNorm(); }

        public StepOutcome outcome() { return found.get().outcome(); }

        /// That the step had; 1 but for f16.
        public double lossScale() { return found.get().lossScale(); }
    }

    /// @param steps of the stage
    /// @param stopAt when it ends before; never if null
    /// @param first step of the stage to begin with, counted from 0
    /// @param step closed with the loop
    /// @param workers threads that make batches ahead
    /// @param device that steps are computed on, and batches are carried to
    public StageLoop(UpdateRule rule, long steps, @Nullable Stop stopAt, long first, TrainingStep<Batch, ?> step,
            BatchOfStep batchOfStep, int workers, Device device) {
        this.rule = rule;
        this.steps = steps;
        this.stopAt = stopAt;
        this.step = step;
        next = first;
        stop = stopRule(StopRule.State.NOTHING);
        this.device = device;
        batches = DevicePrefetch.of(new Prefetch<>(first, steps, workers, each -> batchOfStep.of(each, arrays)), device);
    }

    private @Nullable StopRule stopRule(StopRule.State state) { return stopAt == null ? null : new StopRule(stopAt, state); }

    /// Whether all steps are done, or the stop rule has ended the stage; on a GPU it sees a step's loss a step later.
    public boolean isDone() { return next == steps || enough; }

    /// Does the next step.
    ///
    /// @throws dev.fusedit.trainer.step.DivergedException if the loss or the gradient is not a number any more; nothing was changed then
    /// @throws StepOutOfMemory if memory does not hold it, or its batch; nothing was changed then
    public Report step() {
        long asked = System.nanoTime();
        var batch = StepOutOfMemory.told(batches::next);
        waitedNanos += System.nanoTime() - asked;
        var found = stepped(batch);
        see();
        unseen = new Unseen(batch, found);
        if (found.isKnown()) see();
        enough = stop != null && stop.isMet();
        long done = next++;
        return new Report(done, rule.share(done), found);
    }

    private Deferred<StepReport> stepped(Batch batch) {
        try (var _ = Nvtx.range(device, "step")) {
            return step.step(batch, batch.keys(), rule.firstStep() + next);
        } catch (DivergedException e) {
            unseen = null; // there is nothing to see of it
            throw e;
        }
    }

    /// The stop rule sees the last step.
    private void see() {
        if (unseen == null) return;
        var last = unseen;
        unseen = null;
        var losses = last.report().get().losses();
        arrays.giveBack(last.batch());
        if (stop != null && losses.isFinite()) {
            stop.saw(losses.total());
        }
    }

    /// Waits for what is not known yet of the last step: before anything else than a step.
    ///
    /// @throws dev.fusedit.trainer.step.DivergedException as [#step]
    public void settle() { see(); }

    /// Seconds that steps waited for their batches.
    public double waited() { return waitedNanos / 1e9; }

    /// Losses and gradients of the next batch as a step computes them, to see how long that takes. Nothing learns from them.
    public void rehearse() { rehearse(batches.next()); }

    /// As [#rehearse()], of a batch of one's own.
    public void rehearse(Batch batch) { step.rehearse(batch, rule.firstStep() + next); }

    // ---- for checkpoints

    public StageState state() {
        settle();
        return StageState.of(step.state(), stop == null ? StopRule.State.NOTHING : stop.state());
    }

    /// Goes on from what [#state] was, with the moments it was given.
    public void restoreRules(StageState state) {
        step.restoreRules(state.step());
        stop = stopRule(state.stop());
        enough = step.readsAtOnce() && stop != null && stop.isMet();
    }

    @Override
    public void close() {
        batches.close();
        step.close();
    }
}
