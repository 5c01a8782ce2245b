package dev.fusedit.trainer.bench.curves;

import dev.fusedit.trainer.bench.BenchOptions;
import dev.fusedit.trainer.bench.Workload;
import dev.fusedit.trainer.plan.StepMemory;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.torch.DType;
import java.util.Collections;

/// A training step, and what is known of it before it is taken.
///
/// @param value of the quantity, as it was asked for
/// @param memory by plan
public record Task(Quantity quantity, long value, Workload.Train workload, StepMemory memory) {
    static Task of(Quantity quantity, long value, BenchOptions options) {
        var workload = quantity.workload(value);
        var shape = workload.shape();
        var precision = options.dtype() == DType.F32 ? Run.Precision.F32 : Run.Precision.BF16;
        return new Task(quantity, value, workload,
                StepMemory.of(shape.model(), precision, shape.batch(), shape.tokens(), Collections.max(shape.lengths())));
    }

    /// The quantity as it is: of parameters those of the model that comes nearest to the value.
    public double x() { return quantity == Quantity.PARAMETERS ? memory.parameters() : value; }

    public long plannedMiB() { return memory.bytes() >> 20; }
}
