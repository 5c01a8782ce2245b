package dev.fusedit.trainer.stage;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Lists;
import dev.fusedit.fusion.dit.FuseDiT;
import dev.fusedit.fusion.dit.Fusion;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.TensorSource;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.data.Prefetch;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.optim.EmaWeights;
import dev.fusedit.trainer.optim.GradientSpikeGuard;
import dev.fusedit.trainer.optim.Gradients;
import dev.fusedit.trainer.optim.LossScale;
import dev.fusedit.trainer.optim.Optimizer;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.optim.StopRule;
import dev.fusedit.trainer.optim.Update;
import dev.fusedit.trainer.optim.WeightSteps;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.Stage;
import dev.fusedit.trainer.step.DivergedException;
import dev.fusedit.trainer.step.FirstBad;
import dev.fusedit.trainer.step.LossValues;
import dev.fusedit.trainer.step.MicroBatch;
import dev.fusedit.trainer.step.StepLosses;
import dev.fusedit.trainer.step.TrainableParameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The steps of one stage:
///
///     batch → micro-batches → lanes → losses → backward → sum of gradients → finite? → usual? → clip → optimizer → copies → average
///
/// Micro-batches come one after the other, the lanes of one side by side; their gradients are summed in the order of the batch ([Gradients]),
/// so no result depends on timing.
///
/// A step reads nothing but its plan, its number, and what [#state] and [#tensors] hold, so it can be done again.
public final class StageLoop implements AutoCloseable {
    private final Run run;
    private final StagePlan plan;
    private final Stage stage;
    private final ModelBundle bundle;
    private final List<Lane> sides;
    private final EmaWeights emaWeights;
    private final List<TrainableParameter> trainables;
    private final WeightSteps optimizer;
    private final Prefetch<Batch> batches;
    private final Lanes lanes;
    private List<TrainableParameter> active = List.of();
    private @Nullable LossScale scale;
    private @Nullable GradientSpikeGuard spikeGuard;
    private @Nullable StopRule stop;
    private long next;

    /// What became of a step.
    public enum StepOutcome {
        LEARNED,
        /// The gradient was huge, and was shrunk to the usual norm.
        SHRUNK,
        /// The gradient was huge: nothing was changed.
        LEFT_OUT,
        /// In f16 the loss or the gradient was not finite: nothing but the loss's scale was changed.
        OVERFLOWED
    }

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

    /// What runs in a lane: the losses over leaves of its own. The first lane's leaves are the weights themselves.
    private record Lane(Weights leaves, StepLosses losses) {}

    /// @param run nothing of it is left to the machine
    /// @param first step of the stage to begin with, counted from 0
    /// @param losses of the stage over weights: those of the bundle, or a replica of them
    /// @param workers threads that make batches ahead
    /// @param emaWeights takes the weights that learn in if the stage has one, else gives them up
    /// @param optimizerState of the stage before, or those of a checkpoint if `first` is not 0
    StageLoop(Run run, StagePlan plan, long first, ModelBundle bundle, Function<Weights, StepLosses> losses, LongFunction<Batch> batchOfStep,
            int workers, EmaWeights emaWeights, OptimizerState optimizerState) {
        this.run = run;
        this.plan = plan;
        this.stage = plan.stage();
        this.bundle = bundle;
        this.emaWeights = emaWeights;
        trainables = TrainableParameter.of(stage, bundle.weights());
        if (first == 0) {
            takeOver(optimizerState);
        }
        optimizer = new WeightSteps(Optimizer.of(stage.optimizer(), optimizerState, Precisions.matmulDType(run.precision())), Seed.of(run.seed()));
        next = first;
        restoreRules(StageState.BEGIN);
        lanes = Lanes.of(StagePlan.lanes(run, stage));
        sides = IntStream.range(0, lanes.count()).mapToObj(i -> i == 0 ? bundle.weights() : bundle.weights().replica())
                .map(leaves -> new Lane(leaves, losses.apply(leaves))).toList();
        requireGrad(trainable -> trainable.from() <= next);
        batches = new Prefetch<>(first, plan.steps(), workers, batchOfStep);
    }

    private void takeOver(OptimizerState optimizerState) {
        var names = trainables.stream().map(trainable -> trainable.parameter().name()).collect(ImmutableSet.toImmutableSet());
        optimizerState.retain(name -> stage.keepOptimizer() && names.contains(name));
        if (stage.ema() == null) {
            emaWeights.forget(names::contains);
        } else {
            emaWeights.include(trainables.stream().map(TrainableParameter::parameter).toList());
        }
    }

    /// Computes gradients for these parameters from now on.
    private void requireGrad(Predicate<TrainableParameter> which) {
        active = trainables.stream().filter(which).toList();
        var names = active.stream().map(trainable -> trainable.parameter().name()).collect(ImmutableSet.toImmutableSet());
        sides.forEach(lane -> lane.leaves().train(names::contains));
    }

    /// Whether all steps are done, or the stop rule has ended the stage.
    public boolean isDone() { return next == plan.steps() || stop != null && stop.isMet(); }

    /// Does the next step.
    ///
    /// @throws DivergedException if the loss or the gradient is not a number any more; nothing was changed then
    public Report step() {
        var batch = batches.next();
        if (trainables.stream().anyMatch(trainable -> trainable.from() == next)) {
            requireGrad(trainable -> trainable.from() <= next);
        }
        try (var _ = TensorScope.open(); var gradients = new Gradients(active.stream().map(TrainableParameter::parameter).toList())) {
            var parts = parts(batch);
            var values = backward(parts, gradients);
            double scaled = scale == null ? 1 : scale.factor();
            gradients.scale(1 / scaled);
            double norm = gradients.norm();
            var outcome = values.isFinite() && Double.isFinite(norm) ? change(gradients, norm) : overflowed(batch, parts, values, gradients);
            if (stop != null && values.isFinite()) {
                stop.saw(values.total());
            }
            return new Report(next++, batch.keys(), values.each(), values.total(), norm, plan.share(next - 1), outcome, scaled);
        }
    }

    private StepLosses losses() { return sides.getFirst().losses(); }

    /// Losses and gradients of the next batch as a step computes them, to see how long that takes. Nothing learns from them.
    public void rehearse() {
        var batch = batches.next();
        try (var _ = TensorScope.open(); var gradients = new Gradients(active.stream().map(TrainableParameter::parameter).toList())) {
            backward(parts(batch), gradients);
            gradients.norm();
        }
    }

    private List<MicroBatch> parts(Batch batch) {
        return losses().parts(batch, plan.firstStep() + next, stage.accumulation() * lanes.count());
    }

    /// One micro-batch after the other, the lanes of each side by side.
    private LossValues backward(List<MicroBatch> parts, Gradients gradients) {
        return Lists.partition(parts, lanes.count()).stream().map(some -> inLanes(some, gradients)).reduce(LossValues.NONE, LossValues::plus);
    }

    /// A micro-batch, cut into lanes.
    private LossValues inLanes(List<MicroBatch> parts, Gradients gradients) {
        var values = lanes.run(IntStream.range(0, parts.size())
                .<Supplier<LossValues>>mapToObj(i -> () -> backward(parts.get(i), sides.get(i).losses())).toList());
        gradients.take(sides.stream().map(Lane::leaves).toList(), lanes);
        return values.stream().reduce(LossValues.NONE, LossValues::plus);
    }

    private LossValues backward(MicroBatch part, StepLosses losses) {
        if (part.isEmpty()) {
            return LossValues.NONE;
        }
        try (var _ = TensorScope.open(); var pass = losses.model().pass(stage.checkpointing())) {
            var found = losses.of(pass, part);
            pass.backward(scale == null ? found.total() : found.total().mul(scale.factor()));
            return found.values();
        }
    }

    // ---- from gradients to weights

    private StepOutcome change(Gradients gradients, double norm) {
        if (scale != null) {
            scale = scale.afterGood();
        }
        double share = spikeGuard == null ? 1 : spikeGuard.factor(norm);
        if (share == 0) {
            return StepOutcome.LEFT_OUT;
        }
        gradients.scale(share * clip(share * norm));
        decayedQueries().ifPresent(gradients::zeroIfNone);
        optimizer.step(updates(gradients), plan.firstStep() + next);
        bundle.weights().refreshCopies();
        var ema = stage.ema();
        if (ema != null && (plan.firstStep() + next + 1) % ema.every() == 0) {
            emaWeights.update(active.stream().map(TrainableParameter::parameter).toList(), ema);
        }
        return share == 1 ? StepOutcome.LEARNED : StepOutcome.SHRUNK;
    }

    /// The 1e-6 is `torch.nn.utils.clip_grad_norm_`'s.
    private double clip(double norm) { return stage.gradClip() == null || norm <= stage.gradClip() ? 1 : stage.gradClip() / (norm + 1e-6); }

    private List<Update> updates(Gradients gradients) {
        var updates = new ArrayList<Update>();
        for (var trainable : active) {
            var parameter = trainable.parameter();
            var gradient = gradients.of(parameter.name());
            if (gradient != null) {
                updates.add(new Update(parameter.name(), parameter.master(), gradient, plan.rate(trainable.base(), next), trainable.decay()));
            }
        }
        return updates;
    }

    /// The reference gives the last shared layer's queries zeros as their gradient, where nothing reads them and there should be none: with
    /// joint attention AdamW lets them decay.
    private Optional<Parameter> decayedQueries() {
        if (run.compatibility() == Run.Compatibility.NONE || !(bundle.model() instanceof FuseDiT model)
                || !(model.config().fusion() instanceof Fusion.JointSelfAttention)) {
            return Optional.empty();
        }
        var name = "llm.layers." + (model.config().textDepth() - 1) + ".self_attn.q_proj.weight";
        return active.stream().map(TrainableParameter::parameter).filter(parameter -> parameter.name().equals(name)).findFirst();
    }

    /// What is not finite: in f16 first the scale's fault, else nobody's who could mend it here.
    private StepOutcome overflowed(Batch batch, List<MicroBatch> parts, LossValues values, Gradients gradients) {
        if (scale != null && !scale.afterBad().isHopeless()) {
            scale = scale.afterBad();
            return StepOutcome.OVERFLOWED;
        }
        throw new DivergedException(stage.name(), plan.firstStep() + next, FirstBad.of(losses(), parts, values, gradients), values.total(),
                gradients.norm(), batch.keys());
    }

    // ---- for checkpoints

    public StageState state() {
        return new StageState(optimizer.optimizer().optimizerState().steps(), scale, spikeGuard == null ? List.of() : spikeGuard.norms(),
                stop == null ? StopRule.State.NOTHING : stop.state());
    }

    /// The optimizer's tensors by name; they stay its own.
    Map<String, Tensor> tensors() { return optimizer.optimizer().optimizerState().state(); }

    /// Goes on from what [#state] and [#tensors] were, whatever moments it was given.
    void restore(StageState state, TensorSource tensors) {
        optimizer.optimizer().optimizerState().load(tensors, state.optimizerSteps(), bundle.weights());
        restoreRules(state);
    }

    /// Goes on from what [#state] was, with the moments it was given.
    public void restoreRules(StageState state) {
        scale = run.precision() != Run.Precision.F16 ? null : Objects.requireNonNullElse(state.lossScale(), LossScale.FIRST);
        spikeGuard = stage.hugeGradient() == null ? null : new GradientSpikeGuard(stage.hugeGradient(), state.norms());
        stop = stage.stop() == null ? null : new StopRule(stage.stop(), state.stop());
    }

    @Override
    public void close() {
        batches.close();
        lanes.close();
        sides.stream().skip(1).forEach(lane -> lane.leaves().close());
    }
}
