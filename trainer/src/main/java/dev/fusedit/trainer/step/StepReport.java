package dev.fusedit.trainer.step;

/// What one step did.
///
/// @param losses of the whole batch
/// @param gradientNorm of the whole gradient, before it was shrunk or clipped
/// @param lossScale that the step had; 1 but for f16
public record StepReport(LossValues losses, double gradientNorm, StepOutcome outcome, double lossScale) {}
