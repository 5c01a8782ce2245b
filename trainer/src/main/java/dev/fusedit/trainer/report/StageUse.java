package dev.fusedit.trainer.report;

/// What a stage shows and computes, as far as it has come.
///
/// @param firstStep before it, over all stages
/// @param images that a step shows; 0 in a stage without
/// @param flops needed operations of a step
public record StageUse(long firstStep, long steps, long images, double flops) {
    /// Images that it has shown by the end of a step.
    ///
    /// @param step over all stages
    public long imagesBy(long step) { return stepsBy(step) * images; }

    /// Needed operations of its steps until the end of one.
    ///
    /// @param step over all stages
    public double flopsBy(long step) { return stepsBy(step) * flops; }

    private long stepsBy(long step) { return Math.clamp(step - firstStep, 0, steps); }
}
