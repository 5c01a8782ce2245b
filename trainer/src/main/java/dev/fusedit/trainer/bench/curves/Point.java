package dev.fusedit.trainer.bench.curves;

import dev.fusedit.trainer.bench.StepCost;
import org.jspecify.annotations.Nullable;

/// A point of a curve.
public sealed interface Point {
    Task task();

    record Measured(Task task, StepCost cost) implements Point {
        /// Floating-point operations a second of the needed work.
        public double rate() { return task.workload().flops() / cost.median(); }
    }

    /// Not measured; its peak is the task's planned one.
    ///
    /// @param seconds of a step at the rate of the largest measured point before; null if there is none
    /// @param why it was not measured
    record Planned(Task task, @Nullable Double seconds, String why) implements Point {}
}
