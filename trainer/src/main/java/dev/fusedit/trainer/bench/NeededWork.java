package dev.fusedit.trainer.bench;

import dev.fusedit.fusion.dit.Fusion;
import dev.fusedit.fusion.dit.TimeConditioning;
import dev.fusedit.fusion.llm.LanguageModelConfig;

/// Floating-point operations of the matmuls that a workload cannot do without, two for a multiplication and an addition. Padding is
/// not among them, nor what nobody reads of the text's last layer, nor anything that is done twice. A backward pass takes twice its
/// forward.
final class NeededWork {
    private NeededWork() {}

    static double flops(Workload workload) {
        return switch (workload) {
            case Workload.Train(var shape, _) -> text(shape) + 3 * image(shape);
            case Workload.Sample(var shape, var steps, _) -> 2 * (text(shape) + steps * image(shape));
        };
    }

    private static double text(Workload.Shape shape) {
        var config = shape.model();
        var text = config.text();
        int depth = config.textDepth();
        double tokens = shape.lengths().stream().mapToInt(length -> length).sum();
        double pairs = shape.lengths().stream().mapToDouble(length -> length * (length + 1) / 2.0).sum();
        double whole = tokens * layer(text) + pairs * 2 * text.heads() * text.headDim();
        return 2 * ((depth - 1) * whole + tokens * keyValues(text));
    }

    private static double layer(LanguageModelConfig text) {
        return 2.0 * text.hidden() * text.heads() * text.headDim() + keyValues(text) + 3.0 * text.hidden() * text.intermediate();
    }

    private static double keyValues(LanguageModelConfig text) { return 2.0 * text.hidden() * text.kvHeads() * text.headDim(); }

    private static double image(Workload.Shape shape) {
        var image = shape.model().image();
        double width = image.width(), heads = image.heads() * image.headDim(), tokens = (double) shape.batch() * shape.tokens();
        double textKeys = shape.lengths().stream().mapToInt(length -> length).sum();
        double projections = 2 * width * heads + 2 * width * image.kvHeads() * image.headDim();
        double looks = 2 * heads * (tokens * shape.tokens() + textKeys * shape.tokens());
        double cross = shape.model().fusion() instanceof Fusion.CrossAttention ? tokens * 2 * width * heads : 0;
        double layer = tokens * (projections + 3 * width * image.intermediate()) + looks + cross + modulation(shape);
        double patch = image.patch() * image.patch() * width * (image.inChannels() + image.outChannels());
        return 2 * (image.layers() * layer + tokens * patch);
    }

    private static double modulation(Workload.Shape shape) {
        var image = shape.model().image();
        return image.time() instanceof TimeConditioning.AdaLnZero ? shape.batch() * 6.0 * image.width() * image.width() : 0;
    }
}
