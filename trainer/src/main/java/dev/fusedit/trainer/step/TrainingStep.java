package dev.fusedit.trainer.step;

import com.google.common.collect.ImmutableSet;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Factor;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.cuda.Accelerator;
import dev.fusedit.torch.cuda.Readback;
import dev.fusedit.trainer.optim.EmaWeights;
import dev.fusedit.trainer.optim.Gate;
import dev.fusedit.trainer.optim.GradientExchange;
import dev.fusedit.trainer.optim.Gradients;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.optim.ParameterOwners;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One training step, whatever learns, in runs, for a teacher and in `bench`:
///
///     batch → slices → micro-batches → lanes → losses → backward → sum of gradients → finite? → spike guard → clip → optimizer → copies → EMA
///
/// Slices, micro-batches and lanes are one idea: parts of a batch, in its order, whose gradients are summed. The slices are computed by
/// processes of their own, which add up their gradients while backward passes go on; each does all that follows by itself, and all end with
/// the same weights.
///
/// What a step is judged by is computed where the gradients are ([Decision]), and read when the device's [Reading] says: on a GPU the next step's
/// gradients are queued by then, and nothing in a step waits.
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
    private final Reading reading;
    private final Accelerator accelerator;
    private final TensorScope owned = TensorScope.holding();
    private @Nullable Unread<B> unread;
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
        this.lanes = new LaneReplicas<>(lanes, weights, objective);
        update = new WeightUpdate(rule, weights, emaWeights, optimizerState, owners, ranks.group(), this.lanes.lanes());
        reading = Reading.of(device(), ranks.group().isAlone());
        accelerator = Accelerator.of(device());
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

    /// A step that the device has been given whole, and that Java has not judged.
    ///
    /// @param scale of its loss
    /// @param names of its losses, as they stand in the numbers
    /// @param finite bool, 0-dim; its own
    private record Unread<B>(B batch, long step, List<Long> samples, double scale, List<String> names, Readback numbers, Tensor finite,
            WeightUpdate.Counted counted, Deferred<StepReport> report) {
        void close() {
            numbers.close();
            finite.free();
        }
    }

    /// Does one step.
    ///
    /// @param batch or this process's slice of it
    /// @param samples its keys
    /// @param step global number, from 0
    /// @return what it did; on a GPU it is known when the next step is queued, or when somebody asks and waits for it
    /// @throws DivergedException if the loss or the gradient is not a number any more, of this step or of one that was not known yet; nothing
    ///         was changed by that step, or since
    /// @throws StepOutOfMemory if memory does not hold its losses and gradients; nothing was changed then
    public Deferred<StepReport> step(B batch, List<Long> samples, long step) {
        long inStage = step - rule.firstStep();
        if (trainables.stream().anyMatch(trainable -> trainable.from() == inStage)) {
            active = requireGrad(inStage);
            exchange = exchange();
        }
        try (var _ = TensorScope.open(); var gradients = exchange.begin(accumulation); var owner = TensorScope.holding()) {
            var own = computed(batch, step, gradients, owner);
            settle();
            double scale = update.lossScale();
            var found = ranks.together(own.losses(), samples, gradients.reached(), device());
            long start = System.nanoTime();
            var decision = ranks.group().isAlone() ? StepOutOfMemory.told(() -> decision(found, scale, gradients))
                    : decision(found, scale, gradients);
            var report = switch (reading) {
                case AT_ONCE -> {
                    var numbers = Decision.Numbers.of(decision.numbers_N().toDoubles(), decision.names());
                    var known = report(numbers, found.samples(), step, scale,
                            () -> FirstBad.of(lanes.objective(), own.parts(), own.losses().values(), gradients, ranks));
                    if (known.outcome().learns()) {
                        update.apply(gradients, active, new Factor.Known(numbers.factor()), Gate.OPEN, step);
                    }
                    yield Deferred.known(known);
                }
                case A_STEP_LATE -> {
                    var counted = update.apply(gradients, active, new Factor.OnDevice(decision.factor_()),
                            new Gate.OnDevice(decision.taken()), step);
                    unread = new Unread<>(batch, step, found.samples(), scale, decision.names(),
                            Readback.of(accelerator, decision.numbers_N()),
                            owned.hold(decision.finite()), counted, Deferred.later(this::settled));
                    yield unread.report();
                }
            };
            updateNanos = System.nanoTime() - start;
            return report;
        }
    }

    /// Whether a step's numbers are known when it is done.
    public boolean readsAtOnce() { return reading == Reading.AT_ONCE; }

    private Device device() { return weights.policy().device(); }

    /// What this process has of a step.
    private record Computed<P>(List<P> parts, LossTensors losses) {}

    /// Nothing that learns is changed.
    private Computed<P> computed(B batch, long step, Gradients gradients, TensorScope owner) {
        try {
            var parts = lanes.objective().parts(batch, step, accumulation * lanes.count(), ranks.group());
            return new Computed<>(parts, lanes.backward(parts, lossScale(), gradients, owner));
        } catch (TorchException e) {
            if (!e.isOutOfMemory()) throw e;
            gradients.abandon();
            throw ranks.shortage(e);
        }
    }

    /// What the gradients of all are, and what is to be done with them. Nothing that learns is changed.
    private Decision decision(Ranks.Found found, double scale, Gradients gradients) {
        gradients.sum(found.reached());
        gradients.scale(new Factor.Known(1 / scale));
        return update.decide(found.losses(), ranks.norm(gradients.norm(device())));
    }

    /// Of the next step's loss.
    private Factor lossScale() {
        return unread == null ? new Factor.Known(update.lossScale()) : update.lossScaleAfter(unread.finite());
    }

    private StepReport report(Decision.Numbers numbers, List<Long> samples, long step, double scale, Supplier<String> firstBad) {
        var outcome = update.judge(numbers).orElseThrow(
                () -> new DivergedException(rule.stage(), step, firstBad.get(), numbers.losses().total(), numbers.norm(), samples));
        return new StepReport(numbers.losses(), samples, numbers.norm(), outcome, scale);
    }

    /// Waits for what is not known yet of the last step: before anything else than a step.
    ///
    /// @throws DivergedException as [#step]
    public void settle() {
        if (unread != null) unread.report().get();
    }

    private StepReport settled() {
        var last = Objects.requireNonNull(unread);
        unread = null;
        try {
            var report = report(Decision.Numbers.of(last.numbers().read(), last.names()), last.samples(), last.step(), last.scale(),
                    () -> firstBad(last));
            if (!report.outcome().learns()) update.discount(last.counted());
            return report;
        } catch (DivergedException e) {
            update.discount(last.counted());
            throw e;
        } finally {
            last.close();
        }
    }

    /// Its losses and gradients are gone, but not its batch, and the weights are those that it found.
    private String firstBad(Unread<B> last) {
        try (var _ = TensorScope.open(); var gradients = new Gradients(parameters()); var owner = TensorScope.holding()) {
            var parts = lanes.objective().parts(last.batch(), last.step(), accumulation * lanes.count(), ranks.group());
            var losses = lanes.backward(parts, new Factor.Known(last.scale()), gradients, owner);
            gradients.scale(new Factor.Known(1 / last.scale()));
            return FirstBad.of(lanes.objective(), parts, losses.values(), gradients, ranks);
        }
    }

    /// Losses and gradients as a step computes them, to see how long that takes. Nothing learns from them.
    public void rehearse(B batch, long step) {
        try (var _ = TensorScope.open(); var gradients = new Gradients(parameters()); var owner = TensorScope.holding()) {
            lanes.backward(lanes.objective().parts(batch, step, accumulation * lanes.count()), lossScale(), gradients, owner);
            gradients.norm(device()).item();
        }
    }

    /// What the last step took from its gradients to its weights.
    public double secondsOfUpdate() { return updateNanos / 1e9; }

    // ---- for checkpoints

    public StepState state() {
        settle();
        return update.state();
    }

    /// Goes on from what [#state] was, with the moments it was given.
    public void restoreRules(StepState state) {
        settle();
        update.restoreRules(state);
    }

    /// Frees the replicas and ends the lanes.
    @Override
    public void close() {
        if (unread != null) unread.close();
        owned.close();
        lanes.close();
    }
}
