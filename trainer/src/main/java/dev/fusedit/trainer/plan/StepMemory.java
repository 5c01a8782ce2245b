package dev.fusedit.trainer.plan;

import dev.fusedit.fusion.dit.FuseDiT;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.ImageShape;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.CountingOps;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Lanes;
import dev.fusedit.trainer.recipe.Run;

/// What a training step needs on a CPU that is not a recipe's: AdamW on the image side, the language model frozen, latents and token ids at
/// hand. As [StageMemory] counts a stage's.
///
/// @param parameters of language model and image side
/// @param trainable those of the image side
/// @param bytes largest resident set of the process
public record StepMemory(long parameters, long trainable, long bytes) {
    /// @param tokens of an image
    /// @param text tokens of the longest text
    public static StepMemory of(FuseDiTConfig config, Run.Precision precision, int batch, long tokens, int text) {
        var shapes = ModelShapes.shapes(weights -> FuseDiT.of(config, weights));
        var widths = Widths.of(precision);
        long trainable = 0, weights = 0, left = 0;
        for (var shape : shapes) {
            weights += widths.stored(shape, shape.isDit());
            if (shape.isDit()) {
                trainable += shape.count();
                left += widths.gradient(shape);
            }
        }
        long gradients = Math.max(lanes(batch, tokens) * left, widths.wide() * trainable);
        long moments = 2 * widths.wide() * trainable;
        long graph = (long) (StageMemory.HOLES * graph(config, precision, batch, tokens, text));
        return new StepMemory(ModelShapes.count(shapes), trainable, ProcessMemory.bytes() + weights + moments + Math.max(graph, gradients));
    }

    private static int lanes(int batch, long tokens) { return Lanes.fitting(Device.CPU, batch, tokens); }

    /// What the layers keep, the work on one of them, and keys and values of the text.
    private static long graph(FuseDiTConfig config, Run.Precision precision, int batch, long tokens, int text) {
        try (var weights = Weights.shapes(); var _ = TensorScope.open()) {
            var model = FuseDiT.of(config, weights);
            weights.train(name -> name.startsWith("dit."));
            int lanes = lanes(batch, tokens), images = Math.ceilDiv(batch, lanes);
            CountingOps image = new CountingOps(StageCounts.target(precision, true)), read = new CountingOps(image.count().target());
            model.countImage(image, new ImageShape(images, tokens, text), false);
            model.countText(read, batch, text, false);
            long keys = 2L * image.count().target().compute().bytes() * config.textDepth() * batch * text * config.text().kvHeads()
                    * config.text().headDim();
            return (image.count().keptBytes() + image.count().workBytes()) * batch / images + keys
                    + Math.max(0, read.count().workBytes() - image.count().workBytes() * batch / images);
        }
    }
}
