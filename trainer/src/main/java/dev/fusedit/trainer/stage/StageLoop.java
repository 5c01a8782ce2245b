package dev.fusedit.trainer.stage;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.nn.Parameter;
import dev.fusedit.torch.FusedAdamW;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.data.Prefetch;
import dev.fusedit.trainer.optim.AdamW;
import dev.fusedit.trainer.optim.MovingAverage;
import dev.fusedit.trainer.recipe.Optimizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// The steps of one stage: batch → losses → backward → clip → AdamW → average. Reads nothing but its plan and the step's number, so a
/// step can be done again.
final class StageLoop implements AutoCloseable {
    private final StagePlan plan;
    private final Trainee trainee;
    private final StepLosses losses;
    private final AdamW optimizer;
    private final Prefetch<Batch> batches;
    private final @Nullable MovingAverage average;
    private final LearningGroups learning;
    private long next;

    /// What one step did.
    ///
    /// @param step number in the stage, from 0
    /// @param losses by name: flow, language
    /// @param rate share of the stage's learning rates
    record Report(long step, Map<String, Double> losses, double total, double gradientNorm, double rate) {}

    StageLoop(StagePlan plan, Trainee trainee, StepLosses losses, LongFunction<Batch> batchOfStep, @Nullable MovingAverage average) {
        this.plan = plan;
        this.trainee = trainee;
        this.losses = losses;
        this.average = average;
        learning = new LearningGroups(plan.stage());
        trainee.weights().train(name -> learning.of(name) != null);
        optimizer = new AdamW(groups(), settings(plan.stage().optimizer()));
        batches = new Prefetch<>(0, plan.steps(), batchOfStep);
    }

    private Map<String, List<Parameter>> groups() {
        var groups = new LinkedHashMap<String, List<Parameter>>();
        for (var rate : plan.stage().lr().keySet()) {
            groups.put(rate, trainee.weights().trainable().stream().filter(p -> rate.equals(learning.of(p.name()))).toList());
        }
        return groups;
    }

    private static FusedAdamW.Settings settings(Optimizer optimizer) {
        return switch (optimizer) {
            case Optimizer.AdamW(var betas, var eps, var weightDecay, var _) ->
                    new FusedAdamW.Settings(betas.get(0), betas.get(1), eps, weightDecay);
            case Optimizer.Adafactor _,Optimizer.Muon _ -> throw new IllegalStateException("to come");
        };
    }

    boolean isDone() { return next == plan.steps(); }

    /// Does the next step.
    ///
    /// @throws DivergedException if the loss or the gradient is not a number any more; the weights are those before the step
    Report step() {
        var step = next++;
        var batch = batches.next();
        try (var _ = TensorScope.open()) {
            var found = losses.of(batch, plan.firstStep() + step);
            var values = found.values();
            if (!Double.isFinite(values.total())) {
                throw new DivergedException(plan.stage().name(), plan.firstStep() + step, "the loss", values.total(), batch.keys());
            }
            found.total().backward();
            var report = optimizer.step(rates(step), plan.stage().gradClip());
            trainee.weights().clearGradients();
            if (!Double.isFinite(report.gradientNorm())) {
                throw new DivergedException(plan.stage().name(), plan.firstStep() + step, "the gradient's norm", report.gradientNorm(),
                        batch.keys());
            }
            trainee.weights().refreshCopies();
            updateAverage();
            return new Report(step, values.each(), values.total(), report.gradientNorm(), plan.rate(step));
        }
    }

    private ImmutableMap<String, Double> rates(long step) {
        var rates = ImmutableMap.<String, Double>builder();
        plan.stage().lr().forEach((group, rate) -> rates.put(group, rate * plan.rate(step)));
        return rates.buildOrThrow();
    }

    private void updateAverage() {
        var ema = plan.stage().ema();
        if (average != null && ema != null) {
            var masters = ImmutableMap.<String, dev.fusedit.torch.Tensor>builder();
            trainee.weights().trainable().forEach(parameter -> masters.put(parameter.name(), parameter.master()));
            average.update(masters.buildOrThrow(), ema.decay());
        }
    }

    AdamW optimizer() { return optimizer; }

    @Override
    public void close() {
        batches.close();
        optimizer.close();
    }
}
