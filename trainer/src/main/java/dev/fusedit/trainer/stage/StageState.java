package dev.fusedit.trainer.stage;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.trainer.optim.LossScale;
import dev.fusedit.trainer.optim.StopRule;
import dev.fusedit.trainer.step.StepState;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a stage's loop remembers beside tensors.
///
/// @param optimizerSteps that each parameter has taken
/// @param lossScale null but for f16
/// @param norms of the last steps' gradients, the oldest first; empty where no rule asks
/// @param stop what the stop rule has seen
public record StageState(Map<String, Long> optimizerSteps, @Nullable LossScale lossScale, List<Double> norms, StopRule.State stop) {
    static final StageState BEGIN = new StageState(Map.of(), null, List.of(), StopRule.State.NOTHING);

    public StageState {
        optimizerSteps = ImmutableMap.copyOf(optimizerSteps);
        norms = ImmutableList.copyOf(norms);
    }

    static StageState of(StepState step, StopRule.State stop) {
        return new StageState(step.optimizerSteps(), step.lossScale(), step.norms(), stop);
    }

    /// What the steps themselves remember.
    StepState step() { return new StepState(optimizerSteps, lossScale, norms); }
}
