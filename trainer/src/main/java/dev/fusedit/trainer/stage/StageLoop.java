package dev.fusedit.trainer.stage;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.io.TensorSource;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.data.PixelArrays;
import dev.fusedit.trainer.data.Prefetch;
import dev.fusedit.trainer.optim.StopRule;
import dev.fusedit.trainer.recipe.Stop;
import dev.fusedit.trainer.step.StepOutcome;
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
    private final Prefetch<Batch> batches;
    private final PixelArrays arrays = new PixelArrays();
    private @Nullable StopRule stop;
    private long next;
    private long waitedNanos;

    /// What one step did.
    ///
    /// @param step number in the stage, from 0
    /// @param samples keys of the batch's
    /// @param losses by name: flow, language; not weighted
    /// @param total their weighted sum
    /// @param gradientNorm of the whole gradient, before it was shrunk or clipped
    /// @param rate share of the stage's learning rates
    /// @param lossScale that the step had; 1 but for f16
    public record Report(long step, List<Long> samples, Map<String, Double> losses, double total, double gradientNorm, double rate,
            StepOutcome outcome, double lossScale) {}

    /// @param steps of the stage
    /// @param stopAt when it ends before; never if null
    /// @param first step of the stage to begin with, counted from 0
    /// @param step closed with the loop
    /// @param workers threads that make batches ahead
    public StageLoop(UpdateRule rule, long steps, @Nullable Stop stopAt, long first, TrainingStep<Batch, ?> step,
            BatchOfStep batchOfStep, int workers) {
        this.rule = rule;
        this.steps = steps;
        this.stopAt = stopAt;
        this.step = step;
        next = first;
        stop = rule(StopRule.State.NOTHING);
        batches = new Prefetch<>(first, steps, workers, each -> batchOfStep.of(each, arrays));
    }

    private @Nullable StopRule rule(StopRule.State state) { return stopAt == null ? null : new StopRule(stopAt, state); }

    /// Whether all steps are done, or the stop rule has ended the stage.
    public boolean isDone() { return next == steps || stop != null && stop.isMet(); }

    /// Does the next step.
    ///
    /// @throws dev.fusedit.trainer.step.DivergedException if the loss or the gradient is not a number any more; nothing was changed then
    public Report step() {
        long asked = System.nanoTime();
        var batch = batches.next();
        waitedNanos += System.nanoTime() - asked;
        var report = step.step(batch, batch.keys(), rule.firstStep() + next);
        arrays.giveBack(batch);
        var losses = report.losses();
        if (stop != null && losses.isFinite()) {
            stop.saw(losses.total());
        }
        return new Report(next++, report.samples(), losses.each(), losses.total(), report.gradientNorm(), rule.share(next - 1),
                report.outcome(),
                report.lossScale());
    }

    /// Seconds that steps waited for their batches.
    public double waited() { return waitedNanos / 1e9; }

    /// Losses and gradients of the next batch as a step computes them, to see how long that takes. Nothing learns from them.
    public void rehearse() { rehearse(batches.next()); }

    /// As [#rehearse()], of a batch of one's own.
    public void rehearse(Batch batch) { step.rehearse(batch, rule.firstStep() + next); }

    // ---- for checkpoints

    public StageState state() { return StageState.of(step.state(), stop == null ? StopRule.State.NOTHING : stop.state()); }

    /// The optimizer's tensors by name; they stay its own.
    Map<String, Tensor> tensors() { return step.tensors(); }

    /// Goes on from what [#state] and [#tensors] were, whatever moments it was given.
    void restore(StageState state, TensorSource tensors) {
        step.restore(state.step(), tensors);
        stop = rule(state.stop());
    }

    /// Goes on from what [#state] was, with the moments it was given.
    public void restoreRules(StageState state) {
        step.restoreRules(state.step());
        stop = rule(state.stop());
    }

    @Override
    public void close() {
        batches.close();
        step.close();
    }
}
