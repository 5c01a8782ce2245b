package dev.fusedit.trainer.step;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.trainer.optim.LossScale;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What steps remember of those before, beside tensors.
///
/// @param optimizerSteps that each parameter has taken
/// @param lossScale null but for f16
/// @param norms of the last steps' gradients, the oldest first; empty where no rule asks
public record StepState(Map<String, Long> optimizerSteps, @Nullable LossScale lossScale, List<Double> norms) {
    public static final StepState BEGIN = new StepState(Map.of(), null, List.of());

    public StepState {
        optimizerSteps = ImmutableMap.copyOf(optimizerSteps);
        norms = ImmutableList.copyOf(norms);
    }
}
