package dev.fusedit.trainer.pace;

import dev.fusedit.trainer.stage.StagePlan;
import java.util.Optional;
import java.util.OptionalDouble;

/// What is known of steps without trying them: of those that take too long for that, and of their memory.
@FunctionalInterface
public interface StepEstimate {
    /// All are tried.
    StepEstimate NONE = _ -> OptionalDouble.empty();

    /// Seconds of a step; empty where it is to be tried.
    OptionalDouble seconds(StagePlan plan);

    /// What a stage's memory goes into by a plan, and the changes that cost least and save some, as sentences; empty without a plan.
    default Optional<String> memory(StagePlan plan) { return Optional.empty(); }
}
