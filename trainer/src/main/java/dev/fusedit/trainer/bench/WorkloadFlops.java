package dev.fusedit.trainer.bench;

import com.google.common.collect.HashMultiset;
import dev.fusedit.fusion.dit.FuseDiT;
import dev.fusedit.fusion.dit.ImageShape;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.Count;
import dev.fusedit.nn.ops.CountingOps;
import dev.fusedit.torch.DType;
import java.util.function.ObjIntConsumer;

/// Floating-point operations of the matmuls that a workload cannot do without, two for a multiplication and an addition, counted over the layers'
/// own equations. Padding is not among them, nor what nobody reads of the text's last layer, nor anything that is done twice.
final class WorkloadFlops {
    private WorkloadFlops() {}

    static double of(Workload workload) { return ofTexts(workload) + ofImages(workload); }

    /// Of the language model, which is frozen; with guidance of both branches' texts.
    private static double ofTexts(Workload workload) {
        return switch (workload) {
            case Workload.Train(var shape, _) -> text(shape);
            case Workload.Sample(var shape, _, _) -> 2 * text(shape);
        };
    }

    /// Of the image side.
    static double ofImages(Workload workload) {
        return switch (workload) {
            case Workload.Train(var shape, _) -> image(shape, true);
            case Workload.Sample(var shape, var steps, _) -> 2.0 * steps * image(shape, false);
        };
    }

    private static double text(Workload.Shape shape) {
        return each(shape, false, (counted, length) -> counted.model.countText(counted.ops, 1, length, false));
    }

    private static double image(Workload.Shape shape, boolean learned) {
        return each(shape, learned,
                (counted, length) -> counted.model.countImage(counted.ops, new ImageShape(1, shape.tokens(), length), false));
    }

    private record Counted(FuseDiT model, CountingOps ops) {}

    /// Over samples, each with a text of its own length.
    private static double each(Workload.Shape shape, boolean learned, ObjIntConsumer<Counted> pass) {
        try (var weights = Weights.shapes()) {
            var model = FuseDiT.of(shape.model(), weights);
            weights.train(name -> learned && name.startsWith("dit."));
            return HashMultiset.create(shape.lengths()).entrySet().stream().mapToDouble(length -> {
                var ops = new CountingOps(new Count.Target(DType.F32, true, false));
                pass.accept(new Counted(model, ops), length.getElement());
                return ops.count().flops() * length.getCount();
            }).sum();
        }
    }
}
