package dev.fusedit.trainer.bench;

import dev.fusedit.fusion.dit.ForwardOptions;
import dev.fusedit.fusion.dit.ImageInput;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.nn.ops.RecordedOps;
import dev.fusedit.nn.ops.TimedOps;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.cuda.Accelerator;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// What a repetition's time goes into. The image side's parts are timed in passes of their own ([TimedOps]).
final class PartTimes {
    private static final int TIMES = 5;

    enum Part {
        /// The language model.
        TEXT,
        /// Of the image side, but for MLPs and norms: modulation, projections, heads, attention, sums.
        ATTENTION,
        /// Of the image side: gated MLPs.
        MLP,
        /// Of the image side: norms with their modulation.
        NORMS,
        /// Of the image side: the convolutions of its detail head, if it has one.
        CONVOLUTIONS,
        /// Clipping and AdamW; on the CPU alone.
        OPTIMIZER,
        /// Java: handles, frees, its own one-pass kernels; what is not inside libtorch, of all lanes together.
        BRIDGE
    }

    private PartTimes() {}

    static double ofText(BenchModel model, Prompt prompt) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            return Stopwatch.on(model.latents().device()).seconds(() -> model.model().text(prompt));
        }
    }

    /// Of the image side's ops, forward and, in training, backward, by one thread: the median of some times each.
    static Map<Part, Double> ofBlocks(BenchModel model, boolean backward) {
        var found = new ArrayList<Map<Part, Double>>();
        for (int i = 0; i < TIMES; i++) {
            found.add(once(model, backward));
        }
        var medians = new EnumMap<Part, Double>(Part.class);
        for (var part : found.getFirst().keySet()) {
            medians.put(part, found.stream().skip(1).map(each -> each.getOrDefault(part, 0.0)).sorted().skip((TIMES - 1) / 2).findFirst()
                    .orElseThrow());
        }
        return medians;
    }

    private static Map<Part, Double> once(BenchModel model, boolean backward) {
        try (var _ = TensorScope.open(); var recorded = RecordedOps.of(false)) {
            var ops = new TimedOps(backward ? recorded : Ops.INFERENCE, Accelerator.of(model.latents().device()));
            var text = model.model().text(model.prompt());
            var times = Tensor.full(500, DType.F32, text.batch()).to(model.latents().device());
            var image = model.model().image(new ImageInput(model.latents(), times, text, null, ForwardOptions.NONE), ForwardHooks.NONE, ops);
            if (backward) {
                recorded.backward(image.prediction().square().mean(), _ -> {});
            }
            var parts = new EnumMap<Part, Double>(Part.class);
            ops.seconds().forEach((op, seconds) -> parts.merge(part(op), seconds, Double::sum));
            return parts;
        }
    }

    private static Part part(String op) {
        return switch (op) {
            case "GatedMlpOp" -> Part.MLP;
            case "ModulatedNorm" -> Part.NORMS;
            case "ConvolutionOp", "ActivationOp" -> Part.CONVOLUTIONS;
            default -> Part.ATTENTION;
        };
    }
}
