package dev.fusedit.trainer.report;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// What a plan says that a run takes.
///
/// @param memory bytes of the process at most
/// @param checkpoint bytes of one on the disk
/// @param flops needed operations of all steps
/// @param stages of the run; none where an earlier version has written it
public record PlannedUse(long memory, long checkpoint, double flops, @Nullable List<StageUse> stages) {
    public PlannedUse {
        stages = stages == null ? null : ImmutableList.copyOf(stages);
    }

    public PlannedUse(long memory, long checkpoint, List<StageUse> stages) {
        this(memory, checkpoint, stages.stream().mapToDouble(stage -> stage.flopsBy(Long.MAX_VALUE)).sum(), stages);
    }

    /// Needed operations until the end of a step, if stages are known.
    OptionalDouble flopsBy(long step) {
        return stages == null ? OptionalDouble.empty() : OptionalDouble.of(stages.stream().mapToDouble(stage -> stage.flopsBy(step)).sum());
    }

    /// Images shown by then, over all stages, if these are known.
    OptionalLong imagesBy(long step) {
        return stages == null ? OptionalLong.empty() : OptionalLong.of(stages.stream().mapToLong(stage -> stage.imagesBy(step)).sum());
    }
}
