package dev.fusedit.trainer.step;

import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.optim.EmaWeights;
import dev.fusedit.trainer.optim.GradientSpikeGuard;
import dev.fusedit.trainer.optim.Gradients;
import dev.fusedit.trainer.optim.LossScale;
import dev.fusedit.trainer.optim.Optimizer;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.optim.ParameterOwners;
import dev.fusedit.trainer.optim.Update;
import dev.fusedit.trainer.optim.WeightSteps;
import dev.fusedit.trainer.recipe.Run;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// From a step's gradients to its weights:
///
///     spike guard → clip → optimizer → copies → EMA
///
/// The one place where gradients are clipped. All methods belong to the thread that trains.
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
    /// @param emaWeights changed where the rule has an EMA; stays its owner's, as the optimizer's state does
    WeightUpdate(UpdateRule rule, Weights weights, EmaWeights emaWeights, OptimizerState optimizerState, ParameterOwners owners,
            ProcessGroup ranks) {
        this.rule = rule;
        this.owners = owners;
        this.ranks = ranks;
        this.weights = weights;
        this.emaWeights = emaWeights;
        optimizer = new WeightSteps(Optimizer.of(rule.optimizer(), optimizerState, Precisions.matmulDType(rule.precision())),
                Seed.of(rule.seed()));
        restoreRules(StepState.BEGIN);
    }

    /// What the loss is to be multiplied by before its backward pass; 1 but for f16.
    double lossScale() { return scale == null ? 1 : scale.factor(); }

    /// Changes weights by gradients that are finite and not scaled.
    ///
    /// @param active parameters that learn in this step
    /// @param norm of the gradients
    /// @param step global number
    StepOutcome apply(Gradients gradients, List<TrainableParameter> active, double norm, long step) {
        if (scale != null) {
            scale = scale.afterGood();
        }
        double share = spikeGuard == null ? 1 : spikeGuard.factor(norm);
        if (share == 0) {
            return StepOutcome.LEFT_OUT;
        }
        gradients.scale(share * clip(share * norm));
        active.stream().map(TrainableParameter::parameter).filter(parameter -> rule.decayedWithoutGradient().contains(parameter.name()))
                .forEach(gradients::zeroIfNone);
        change(updates(gradients, active, step), step);
        weights.refreshCopies();
        var ema = rule.ema();
        if (ema != null && (step + 1) % ema.every() == 0) {
            emaWeights.update(active.stream().map(TrainableParameter::parameter).toList(), ema);
        }
        return share == 1 ? StepOutcome.LEARNED : StepOutcome.SHRUNK;
    }

    /// By their owners.
    private void change(List<Update> updates, long step) {
        var own = updates.stream().collect(Collectors.partitioningBy(update -> owners.has(update.parameter())));
        optimizer.step(own.get(true), step);
        own.get(false).forEach(update -> optimizerState().takenElsewhere(update.parameter()));
        var weights = new LinkedHashMap<String, Tensor>();
        updates.forEach(update -> weights.put(update.parameter(), update.weight()));
        owners.share(weights, ranks);
    }

    /// The 1e-6 is `torch.nn.utils.clip_grad_norm_`'s.
    private double clip(double norm) { return rule.gradClip() == null || norm <= rule.gradClip() ? 1 : rule.gradClip() / (norm + 1e-6); }

    private List<Update> updates(Gradients gradients, List<TrainableParameter> active, long step) {
        var updates = new ArrayList<Update>();
        for (var trainable : active) {
            var parameter = trainable.parameter();
            var gradient = gradients.of(parameter.name());
            if (gradient != null) {
                double rate = rule.schedule().at(trainable.base(), step - rule.firstStep());
                updates.add(new Update(parameter.name(), parameter.master(), gradient, rate, trainable.decay()));
            }
        }
        return updates;
    }

    /// A step whose loss or gradient is not finite.
    ///
    /// @return whether the loss's scale may be at fault, and was lowered; else nobody's who could mend it here
    boolean lowersScale() {
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
