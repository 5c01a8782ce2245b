package dev.fusedit.trainer.pace;

import dev.fusedit.trainer.stage.StagePlan;
import java.util.OptionalDouble;

/// What is known of steps that take too long to be tried.
@FunctionalInterface
public interface StepEstimate {
    /// All are tried.
    StepEstimate NONE = _ -> OptionalDouble.empty();

    /// Seconds of a step; empty where it is to be tried.
    OptionalDouble seconds(StagePlan plan);
}
