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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
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
        change(gradients, active, step);
        weights.refreshCopies();
        var ema = rule.ema();
        if (ema != null && (step + 1) % ema.every() == 0) {
            emaWeights.update(active.stream().map(TrainableParameter::parameter).toList(), ema);
        }
        return share == 1 ? StepOutcome.LEARNED : StepOutcome.SHRUNK;
    }

    /// Weights by their owners.
    private void change(Gradients gradients, List<TrainableParameter> active, long step) {
        var changed = active.stream().filter(trainable -> gradients.reach(trainable.parameter().name())).toList();
        var own = changed.stream().filter(trainable -> owners.has(trainable.parameter().name())).toList();
        optimizer.step(own.stream().map(trainable -> update(trainable, gradients, step)).toList(), step);
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

    /// The 1e-6 is `torch.nn.utils.clip_grad_norm_`'s.
    private double clip(double norm) { return rule.gradClip() == null || norm <= rule.gradClip() ? 1 : rule.gradClip() / (norm + 1e-6); }

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
