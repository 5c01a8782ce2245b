package dev.fusedit.trainer.step;

import com.google.common.collect.ImmutableSet;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.io.TensorSource;
import dev.fusedit.trainer.optim.EmaWeights;
import dev.fusedit.trainer.optim.GradientExchange;
import dev.fusedit.trainer.optim.Gradients;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.optim.ParameterOwners;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// One training step, whatever learns, in runs, for a teacher and in `bench`:
///
///     batch → slices → micro-batches → lanes → losses → backward → sum of gradients → finite? → spike guard → clip → optimizer → copies → EMA
///
/// Slices, micro-batches and lanes are one idea: parts of a batch, in its order, whose gradients are summed. The slices are computed by
/// processes of their own, which add up their gradients while backward passes go on; each does all that follows by itself, and all end with
/// the same weights.
///
/// A step reads nothing but its rule, its batch, its number, and what [#state] and [#tensors] hold, so it can be done again.
///
/// All methods belong to the thread that runs torch.
public final class TrainingStep<B, P> implements AutoCloseable {
    private final UpdateRule rule;
    private final int accumulation;
    private final Ranks ranks;
    private final Weights weights;
    private final List<TrainableParameter> trainables;
    private final LaneReplicas<B, P> lanes;
    private final WeightUpdate update;
    private final ParameterOwners owners;
    private List<TrainableParameter> active = List.of();
    private GradientExchange exchange;
    private long updateNanos;

    /// @param first step of the stage to begin with, counted from 0
    /// @param lanes parts of a micro-batch that are computed side by side
    /// @param accumulation micro-batches of a step
    /// @param ranks the processes that have slices of its batch
    /// @param weights stay their owner's, as the averages and the optimizer's state do
    /// @param objective over the weights, or over a replica of them: a lane's
    /// @param trainables all that learn in some step
    /// @param owners of what average and optimizer remember, among the ranks
    public TrainingStep(UpdateRule rule, long first, int lanes, int accumulation, Ranks ranks, Weights weights,
            Function<Weights, ? extends Objective<B, P>> objective, List<TrainableParameter> trainables, EmaWeights emaWeights,
            OptimizerState optimizerState, ParameterOwners owners) {
        this.rule = rule;
        this.accumulation = accumulation;
        this.ranks = ranks;
        this.weights = weights;
        this.trainables = trainables;
        update = new WeightUpdate(rule, weights, emaWeights, optimizerState, owners, ranks.group());
        this.lanes = new LaneReplicas<>(lanes, weights, objective);
        this.owners = owners;
        active = requireGrad(first);
        exchange = exchange();
    }

    /// Computes gradients for the parameters that learn at a step of the stage.
    private List<TrainableParameter> requireGrad(long step) {
        var learning = trainables.stream().filter(trainable -> trainable.from() <= step).toList();
        var names = learning.stream().map(trainable -> trainable.parameter().name()).collect(ImmutableSet.toImmutableSet());
        lanes.train(names::contains);
        return learning;
    }

    private GradientExchange exchange() {
        return new GradientExchange(parameters(), ranks.group(), ranks.reducesToOwners() ? Optional.of(owners) : Optional.empty());
    }

    private List<Parameter> parameters() { return active.stream().map(TrainableParameter::parameter).toList(); }

    /// Does one step.
    ///
    /// @param batch or this process's slice of it
    /// @param samples its keys
    /// @param step global number, from 0
    /// @throws DivergedException if the loss or the gradient is not a number any more; nothing was changed then
    /// @throws StepOutOfMemory if memory does not hold its losses and gradients; nothing was changed then
    public StepReport step(B batch, List<Long> samples, long step) {
        long inStage = step - rule.firstStep();
        if (trainables.stream().anyMatch(trainable -> trainable.from() == inStage)) {
            active = requireGrad(inStage);
            exchange = exchange();
        }
        try (var _ = TensorScope.open(); var gradients = exchange.begin(accumulation)) {
            var parts = lanes.objective().parts(batch, step, accumulation * lanes.count(), ranks.group());
            double scale = update.lossScale();
            var own = backward(parts, scale, gradients, samples);
            var found = ranks.together(own);
            var losses = found.values();
            long start = System.nanoTime();
            gradients.sum(found.reached());
            gradients.scale(1 / scale);
            double norm = ranks.norm(gradients.norm());
            boolean finite = losses.isFinite() && Double.isFinite(norm);
            if (!finite && !update.lowersScale()) {
                throw new DivergedException(rule.stage(), step, FirstBad.of(lanes.objective(), parts, own.values(), gradients, ranks),
                        losses.total(), norm, found.samples());
            }
            var outcome = finite ? update.apply(gradients, active, norm, step) : StepOutcome.OVERFLOWED;
            updateNanos = System.nanoTime() - start;
            return new StepReport(losses, found.samples(), norm, outcome, scale);
        }
    }

    private RankFinding backward(List<P> parts, double scale, Gradients gradients, List<Long> samples) {
        try {
            return Ranks.finding(lanes.backward(parts, scale, gradients), samples, gradients.reached());
        } catch (TorchException e) {
            if (!e.isOutOfMemory()) throw e;
            if (ranks.group().isAlone()) throw new StepOutOfMemory(e);
            gradients.abandon();
            return RankFinding.ofShortage("rank %d: %s".formatted(ranks.group().rank(), e.getMessage())); // the others are to know
        }
    }

    /// Losses and gradients as a step computes them, to see how long that takes. Nothing learns from them.
    public void rehearse(B batch, long step) {
        try (var _ = TensorScope.open(); var gradients = new Gradients(parameters())) {
            lanes.backward(lanes.objective().parts(batch, step, accumulation * lanes.count()), update.lossScale(), gradients);
            gradients.norm();
        }
    }

    /// What the last step took from its gradients to its weights.
    public double secondsOfUpdate() { return updateNanos / 1e9; }

    // ---- for checkpoints

    public StepState state() { return update.state(); }

    /// The optimizer's tensors by name; they stay its own.
    public Map<String, Tensor> tensors() { return update.optimizerState().state(); }

    /// Goes on from what [#state] and [#tensors] were, whatever moments it was given.
    public void restore(StepState state, TensorSource tensors) {
        update.optimizerState().load(tensors, state.optimizerSteps(), weights);
        restoreRules(state);
    }

    /// Goes on from what [#state] was, with the moments it was given.
    public void restoreRules(StepState state) { update.restoreRules(state); }

    /// Frees the replicas and ends the lanes.
    @Override
    public void close() { lanes.close(); }
}
