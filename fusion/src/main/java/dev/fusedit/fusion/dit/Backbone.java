package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.dit.ImageBlock.Streams;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.AttentionMask;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.RotaryEmbedding.RotaryTable;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.CountingOps;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import dev.fusedit.fusion.llm.DecoderLayer;
import dev.fusedit.torch.Tensor;

/// The blocks of an image side, between the two ends of a [DiT].
///
/// @param <B> their kind
/// @param fusion how image rows read the text
/// @param mask what of attention's gradients passes into keys and values; forward it changes nothing
public record Backbone<B extends ImageBlock>(DiT dit, List<B> layers, Fusion fusion, GradientMask mask) {
    /// @param text where blocks have keys and values of the text from
    /// @param beside the language model's layer beside a block; null for none
    static Backbone<FuseLayer> of(DiTConfig config, BlockText text, AttentionScoring scoring, IntFunction<@Nullable DecoderLayer> beside,
            Weights weights) {
        var layers = IntStream.range(0, config.layers()).mapToObj(i -> new FuseLayer(i, beside.apply(i),
                DiTBlock.of(config, text, weights.in("layers." + i)), text.fusion(), scoring)).toList();
        return new Backbone<>(DiT.of(config, text, weights), layers, text.fusion(), GradientMask.NONE);
    }

    Backbone<B> masked(GradientMask other) { return new Backbone<>(dit, layers, fusion, other); }

    /// The whole image side over a computed text.
    ImageOutput image(ImageInput input, ForwardHooks hooks, Ops ops) {
        return TensorScope.scoped(() -> {
            var text = ops.hold(ops.graph(input::text));
            var entered = ops.graph(() -> dit.enter(input.latents(), hooks));
            var time = time(input, entered, hooks, ops);
            var streams = new Streams(ops.graph(() -> dit.timed(entered, time, hooks)), text.stream());
            var pass = ops.hold(pass(input, time, streams.image_BNC()));
            var leaving = ops.hold(dit.leaving(input));
            var features = new LinkedHashMap<Integer, Tensor>();
            for (var layer : layers) {
                var next = ops.segment(streams, (inner, in) -> layer.forward(inner, in, text, pass));
                streams.tensors().filter(x -> x != text.stream() && !features.containsValue(x)).forEach(Tensor::free); // who needs it has it
                streams = next;
                hooks.see("dit.layer." + layer.index(), streams.image_BNC());
                if (input.options().features().contains(layer.index() + 1)) {
                    features.put(layer.index() + 1, streams.image_BNC());
                }
            }
            return new ImageOutput(ops.segment(streams.image_BNC(), (inner, in) -> dit.leave(inner, in, time, leaving, hooks)), features);
        });
    }

    /// What a forward pass of the image side takes, and its backward where something learns.
    ///
    /// @param read what the blocks are given of the text
    void count(CountingOps ops, ImageShape shape, TextKvCache.Read read) {
        try (var _ = TensorScope.open()) {
            var config = dit.config();
            boolean learns = dit.patches().weight_OIPP().requiresGrad();
            var time = dit.time() == null ? null : dit.time().shapes(ops, shape.images(), config);
            var pass = new ImagePass(time, config.positions().isRotary() ? RotaryTable.shapes(shape.tokens(), config.headDim()) : null,
                    new TextVisibility(AttentionMask.ALL, null), new GradientMask.Gates(mask, null));
            var text = new TextKvCache(read, Prompt.of(new long[Math.toIntExact(shape.images())][Math.toIntExact(shape.text())]),
                    new int[0], null);
            var streams = new Streams(ops.input(learns, shape.images(), shape.tokens(), config.width()), text.stream());
            for (var layer : layers) {
                streams = layer.forward(ops, streams, text, pass);
            }
            dit.count(ops, shape.images() * shape.tokens(), ops.count().learns(streams.image_BNC()));
        }
    }

    private TimeEmbedding.@Nullable State time(ImageInput input, Tensor entered, ForwardHooks hooks, Ops ops) {
        var time = dit.time();
        return time == null ? null
                : ops.hold(
                        ops.graph(() -> time.forward(input.timesteps_B(), input.pooled_BX(), entered.dtype(), dit.config().time(), hooks)));
    }

    /// What all layers need.
    private ImagePass pass(ImageInput input, TimeEmbedding.@Nullable State time, Tensor x_BNC) {
        var text = input.text();
        return new ImagePass(time, dit.rotary(input.latents(), text.imageStarts(), x_BNC),
                TextVisibility.of(fusion, text.prompt(), input.options().textMasked(), x_BNC), mask.over(text.prompt(), x_BNC));
    }
}
