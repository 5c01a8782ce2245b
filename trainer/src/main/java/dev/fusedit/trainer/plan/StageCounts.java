package dev.fusedit.trainer.plan;

import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.dit.ImageShape;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.Count;
import dev.fusedit.nn.ops.CountingOps;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.PathChoice;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.recipe.Run;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// What a micro-batch's layers take, counted over the layers' own equations ([CountingOps]).
///
/// @param image the image side for all images
/// @param lane the image side for the images of one lane
/// @param captions the language model over the captions; nothing in a stage without images, or where that is kept
/// @param packed the same over as many tokens as are computed
/// @param sentences the language model over a language loss's own texts
record StageCounts(Count image, Count lane, Count captions, Count packed, Count sentences) {
    static StageCounts of(StageShape stage) {
        var target = target(stage.recipe().run().precision(), stage.recipe().run().device() == Run.Device.CPU);
        var names = stage.trainable().stream().map(ParameterShape::name).collect(Collectors.toUnmodifiableSet());
        try (var weights = Weights.shapes().adapted(stage.recipe().model().adapted()); var _ = TensorScope.open()) {
            var model = stage.shapes().config().build(weights);
            long lane = Math.ceilDiv(stage.images(), stage.lanes());
            var sentences = counted(weights, names, true, target,
                    ops -> model.llm().count(ops, stage.sentences(), stage.sentence()), stage.sentences() > 0);
            boolean reads = stage.sampled() && !stage.recipe().readsText();
            boolean graph = stage.flowReachesLlm() || stage.readsCaptions() && stage.trainsLlm();
            return new StageCounts(image(weights, names, target, model, stage, stage.images()),
                    image(weights, names, target, model, stage, lane),
                    counted(weights, names, graph, target,
                            ops -> model.countText(ops, stage.captions(), stage.caption(), stage.readsCaptions()), reads),
                    counted(weights, names, graph, target,
                            ops -> model.countText(ops, stage.captions(), stage.computedCaption(), stage.readsCaptions()), reads),
                    sentences);
        }
    }

    private static Count image(Weights weights, Set<String> names, Count.Target target, ImageModel model, StageShape stage, long images) {
        return counted(weights, names, true, target,
                ops -> model.countImage(ops, new ImageShape(images, stage.tokens(), stage.caption()), stage.flowReachesLlm()),
                stage.sampled());
    }

    /// @param learns whether anything does
    private static Count counted(Weights weights, Set<String> names, boolean learns, Count.Target target, Consumer<CountingOps> pass,
            boolean runs) {
        weights.train(name -> learns && names.contains(name));
        var ops = new CountingOps(target);
        if (runs) {
            pass.accept(ops);
        }
        return ops.count();
    }

    /// What ops run on under a precision: where a CPU multiplies f16 or bf16 slower than f32, matrices are cast before.
    static Count.Target target(Run.Precision precision, boolean cpu) {
        var dtype = Calibration.dtype(precision);
        var device = cpu ? Device.CPU : Device.cuda(0);
        boolean kernels = cpu && (dtype == DType.F32 || dtype == DType.BF16);
        return new Count.Target(PathChoice.LINEAR.dtype(dtype, device), kernels,
                cpu && PathChoice.ATTENTION.dtype(dtype, device) == DType.BF16);
    }
}
