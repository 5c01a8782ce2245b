package dev.fusedit.trainer.report;

/// What a plan says that a run takes.
///
/// @param memory bytes of the process at most
/// @param checkpoint bytes of one on the disk
/// @param flops needed operations of all steps
public record PlannedUse(long memory, long checkpoint, double flops) {}
