package dev.fusedit.trainer.step;

import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Factor;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.optim.EmaWeights;
import dev.fusedit.trainer.optim.Gate;
import dev.fusedit.trainer.optim.GradientSpikeGuard;
import dev.fusedit.trainer.optim.Gradients;
import dev.fusedit.trainer.optim.LossScale;
import dev.fusedit.trainer.optim.Optimizer;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.optim.ParameterOwners;
import dev.fusedit.trainer.optim.Update;
import dev.fusedit.trainer.optim.WeightSteps;
import dev.fusedit.trainer.recipe.Run;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// From a step's gradients to its weights, and the rules that decide by the numbers of the steps before ([Decision] is each step's own):
///
///     spike guard → clip → optimizer → copies → EMA
///
/// All methods belong to the thread that trains.
final class WeightUpdate {
    private final UpdateRule rule;
    private final Weights weights;
    private final EmaWeights emaWeights;
    private final ParameterOwners owners;
    private final ProcessGroup ranks;
    private final WeightSteps optimizer;
    private @Nullable LossScale scale;
    private @Nullable GradientSpikeGuard spikeGuard;

    /// @param owners of what is remembered of parameters
    /// @param ranks among which they are
    /// @param lanes for the optimizer; stay their owner's
    /// @param emaWeights changed where the rule has an EMA; stays its owner's, as the optimizer's state does
    WeightUpdate(UpdateRule rule, Weights weights, EmaWeights emaWeights, OptimizerState optimizerState, ParameterOwners owners,
            ProcessGroup ranks, Lanes lanes) {
        this.rule = rule;
        this.owners = owners;
        this.ranks = ranks;
        this.weights = weights;
        this.emaWeights = emaWeights;
        optimizer = new WeightSteps(Optimizer.of(rule.optimizer(), optimizerState, Precisions.matmulDType(rule.precision()), lanes),
                Seed.of(rule.seed()));
        restoreRules(StepState.BEGIN);
    }

    /// What the loss is to be multiplied by before its backward pass, by the steps that were judged; 1 but for f16.
    double lossScale() { return scale == null ? 1 : scale.factor(); }

    /// The same after one more step, which is not judged yet.
    ///
    /// @param finite whether its numbers are, as the device has found: bool, 0-dim
    Factor lossScaleAfter(Tensor finite) {
        if (scale == null) return Factor.ONE;
        var device = finite.device();
        return new Factor.OnDevice(finite.where(Tensor.full(scale.afterGood().factor(), DType.F64, device),
                Tensor.full(scale.afterBad().factor(), DType.F64, device)));
    }

    /// @param norm_ of the gradients, not scaled
    Decision decide(LossTensors losses, Tensor norm_) { return Decision.of(losses, norm_, spikeGuard, rule.gradClip()); }

    /// The rules take a step's numbers in.
    ///
    /// @return what became of it; empty if it is not finite, and nobody's fault who could mend it here
    Optional<StepOutcome> judge(Decision.Numbers numbers) {
        if (!numbers.finite()) return lowersScale() ? Optional.of(StepOutcome.OVERFLOWED) : Optional.empty();
        if (scale != null) {
            scale = scale.afterGood();
        }
        if (spikeGuard != null) {
            spikeGuard.saw(numbers.norm());
        }
        return Optional.of(numbers.share() == 0 ? StepOutcome.LEFT_OUT : numbers.share() == 1 ? StepOutcome.LEARNED : StepOutcome.SHRUNK);
    }

    /// What [#apply] has counted of a step.
    ///
    /// @param parameters that have taken it
    /// @param averaged whether the averages have
    record Counted(List<String> parameters, boolean averaged) {}

    /// Changes weights by gradients that are not scaled, if the gate lets it.
    ///
    /// @param active parameters that learn in this step
    /// @param factor of the gradients
    /// @param step global number
    Counted apply(Gradients gradients, List<TrainableParameter> active, Factor factor, Gate gate, long step) {
        gradients.scale(factor);
        active.stream().map(TrainableParameter::parameter).filter(parameter -> rule.decayedWithoutGradient().contains(parameter.name()))
                .forEach(gradients::zeroIfNone);
        var changed = active.stream().filter(trainable -> gradients.reach(trainable.parameter().name())).toList();
        change(gradients, changed, gate, step);
        weights.refreshCopies();
        var ema = rule.ema();
        boolean averaged = ema != null && (step + 1) % ema.every() == 0;
        if (averaged) {
            emaWeights.update(active.stream().map(TrainableParameter::parameter).toList(), ema, gate);
        }
        return new Counted(changed.stream().map(trainable -> trainable.parameter().name()).toList(), averaged);
    }

    /// That the gate was closed.
    void discount(Counted counted) {
        counted.parameters().forEach(optimizerState()::notTaken);
        if (counted.averaged()) {
            emaWeights.notUpdated();
        }
    }

    /// Weights by their owners.
    private void change(Gradients gradients, List<TrainableParameter> changed, Gate gate, long step) {
        var own = changed.stream().filter(trainable -> owners.has(trainable.parameter().name())).toList();
        optimizer.step(own.stream().map(trainable -> update(trainable, gradients, step)).toList(), step, gate);
        var weights = new LinkedHashMap<String, Tensor>();
        for (var trainable : changed) {
            var parameter = trainable.parameter();
            if (!owners.has(parameter.name())) optimizerState().takenElsewhere(parameter.name());
            weights.put(parameter.name(), parameter.master());
        }
        owners.share(weights, ranks);
    }

    private Update update(TrainableParameter trainable, Gradients gradients, long step) {
        var parameter = trainable.parameter();
        return new Update(parameter.name(), parameter.master(), Objects.requireNonNull(gradients.of(parameter.name())),
                rule.schedule().at(trainable.base(), step - rule.firstStep()), trainable.decay());
    }

    /// A step whose loss or gradient is not finite.
    ///
    /// @return whether the loss's scale may be at fault, and was lowered; else nobody's who could mend it here
    private boolean lowersScale() {
        if (scale == null || scale.afterBad().isHopeless()) {
            return false;
        }
        scale = scale.afterBad();
        return true;
    }

    OptimizerState optimizerState() { return optimizer.optimizer().optimizerState(); }

    StepState state() { return new StepState(optimizerState().steps(), scale, spikeGuard == null ? List.of() : spikeGuard.norms()); }

    /// Goes on from what [#state] was, with the moments it was given.
    void restoreRules(StepState state) {
        scale = rule.precision() != Run.Precision.F16 ? null : Objects.requireNonNullElse(state.lossScale(), LossScale.FIRST);
        spikeGuard = rule.spikes() == null ? null : new GradientSpikeGuard(rule.spikes(), state.norms());
    }
}
