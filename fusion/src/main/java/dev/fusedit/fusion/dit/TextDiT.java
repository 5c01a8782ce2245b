package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.CountingOps;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The paper's baseline: a diffusion transformer whose blocks all read one hidden state of a language model (section 3.1).
///
/// Notable: the text's keys and values depend on neither noise nor time here either, so they too are made once a caption. Image
/// positions begin at 0, whatever the prompt's length.
///
/// @param encoder the language model, with weights of its own
public record TextDiT(TextDiTConfig config, TextEncoder encoder, Backbone<FuseLayer> backbone) implements ImageModel {
    public static TextDiT of(TextDiTConfig config, Weights weights, LanguageModel llm) {
        var image = config.image();
        // In cross-attention the projections read the language model's width, though they are given the image's: the two must agree.
        var projected = config.fusion().sharesPositions() ? image.width() : config.textWidth();
        var backbone = Backbone.of(image, new BlockText.Projected(config.fusion(), projected), AttentionScoring.PLAIN, _ -> null, weights);
        return new TextDiT(config, TextEncoder.of(config, config.textWidth(), weights, llm), backbone);
    }

    @Override
    public TextDiT masked(GradientMask other) { return new TextDiT(config, encoder, backbone.masked(other)); }

    @Override
    public TextKvCache text(Prompt given, boolean withOutput, ForwardHooks hooks, Ops ops) {
        var prompt = llm().bucketed(given);
        return TensorScope.scoped(() -> {
            var gates = ops.hold(mask().over(prompt, llm().like()));
            var states = encoder.states(prompt, gates, hooks, ops);
            return new TextKvCache(new TextKvCache.PerBlock(shared(states.selected_BTM(), gates, ops)), prompt, imageStarts(prompt),
                    withOutput ? states.last_BTM() : null);
        });
    }

    @Override
    public Tensor planes(Prompt prompt) { return encoder.planes(prompt); }

    @Override
    public TextKvCache text(Prompt prompt, Tensor planes_PBKTW, Ops ops) {
        return TensorScope.scoped(() -> {
            var gates = ops.hold(mask().over(prompt, llm().like()));
            return new TextKvCache(new TextKvCache.PerBlock(shared(TextEncoder.selected(planes_PBKTW), gates, ops)), prompt,
                    imageStarts(prompt), null);
        });
    }

    /// The projections of the text are the image side's, so a gradient flows to them.
    @Override
    public TextKvCache.Read readShapes(CountingOps ops, ImageShape shape, boolean learns) {
        var config = backbone.dit().config();
        return new TextKvCache.PerBlock(backbone.layers().stream().<@Nullable KeyValues>map(_ -> KeyValues
                .of(() -> ops.input(learns || dit().patches().weight_OIPP().requiresGrad(), shape.images(), config.kvHeads(), shape.text(),
                        config.headDim())))
                .toList());
    }

    @Override
    public void countText(CountingOps ops, long texts, long tokens, boolean withOutput) {
        try (var _ = TensorScope.open()) {
            var selected = llm().count(ops, texts, tokens);
            shared(selected, new GradientMask.Gates(GradientMask.NONE, null), ops);
        }
    }

    private List<@Nullable KeyValues> shared(Tensor selected, GradientMask.Gates gates, Ops ops) {
        var contexts = new HashMap<Double, Tensor>(); // one, unless the mask tells layers apart
        var shared = new ArrayList<@Nullable KeyValues>();
        for (var layer : backbone.layers()) {
            var gate = gates.text(layer.index());
            var text = contexts.computeIfAbsent(gate.factor(), _ -> encoder.context(ops, selected, gate));
            var projection = Objects.requireNonNull(layer.image().text());
            shared.add(ops.segment(text, (inner, in) -> projection.keyValues(inner, in, layer.image().kNorm())));
        }
        return shared;
    }

    @Override
    public LanguageModel llm() { return encoder.llm(); }

    @Override
    public int[] imageStarts(Prompt prompt) { return new int[prompt.batch()]; }

    /// The noise level alone conditions: the baseline never reads a pooled text.
    @Override
    public ImageOutput image(ImageInput input, ForwardHooks hooks, Ops ops) {
        return backbone.masked(mask().ofImage()).image(input.withoutPooled(), hooks, ops);
    }

    /// Its configuration; the weights are long.
    @Override
    public String toString() { return "TextDiT[" + config + "]"; }
}
