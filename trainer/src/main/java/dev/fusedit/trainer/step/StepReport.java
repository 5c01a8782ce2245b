package dev.fusedit.trainer.step;

import java.util.List;

/// What one step did.
///
/// @param losses of the whole batch
/// @param samples its keys
/// @param gradientNorm of the whole gradient, before it was shrunk or clipped
/// @param lossScale that the step had; 1 but for f16
public record StepReport(LossValues losses, List<Long> samples, double gradientNorm, StepOutcome outcome, double lossScale) {}
