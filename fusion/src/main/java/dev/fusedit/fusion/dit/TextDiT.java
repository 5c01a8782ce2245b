package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RmsNorm;
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
public record TextDiT(TextDiTConfig config, LanguageModel encoder, RmsNorm contextNorm, Linear context, Backbone backbone)
        implements ImageModel {
    public static TextDiT of(TextDiTConfig config, Weights weights, LanguageModel encoder) {
        var image = config.image();
        // In cross-attention the projections read the language model's width, though they are given the image's: the two must agree.
        var projected = config.fusion().sharesPositions() ? image.width() : config.textWidth();
        var backbone = Backbone.of(image, new BlockText.Projected(config.fusion(), projected), AttentionScoring.PLAIN, _ -> null, weights);
        var embedder = weights.in("context_embedder");
        return new TextDiT(config, encoder, RmsNorm.of(embedder.in("0"), config.textWidth(), image.normEps()),
                Linear.of(embedder.in("1"), Init.normal(image.initRange()), config.textWidth(), image.width(), true), backbone);
    }

    @Override
    public TextDiT masked(GradientMask other) { return new TextDiT(config, encoder, contextNorm, context, backbone.masked(other)); }

    @Override
    public TextKvCache text(Prompt given, boolean withOutput, ForwardHooks hooks, Ops ops) {
        var prompt = encoder.bucketed(given);
        return TensorScope.scoped(() -> {
            var gates = ops.hold(mask().over(prompt, encoder.embedding_VM()));
            var states = encoder.hiddenStates(prompt, gates::ofText, ForwardHooks.NONE, ops);
            for (int i = 0; i < states.size(); i++) {
                hooks.see("text.hidden_states." + i, states.get(i));
            }
            var selected = states.get(Math.floorMod(config.hiddenState(), states.size()));
            hooks.see("text.selected", selected);
            return new TextKvCache(shared(selected, gates, ops), prompt, imageStarts(prompt), withOutput ? states.getLast() : null);
        });
    }

    @Override
    public void countText(CountingOps ops, long texts, long tokens, boolean withOutput) {
        try (var _ = TensorScope.open()) {
            var selected = encoder.count(ops, texts, tokens);
            shared(selected, new GradientMask.Gates(GradientMask.NONE, null), ops);
        }
    }

    private List<@Nullable KeyValues> shared(Tensor selected, GradientMask.Gates gates, Ops ops) {
        var contexts = new HashMap<Double, Tensor>(); // one, unless the mask tells layers apart
        var shared = new ArrayList<@Nullable KeyValues>();
        for (var layer : backbone.layers()) {
            var gate = gates.text(layer.index());
            var text = contexts.computeIfAbsent(gate.factor(), _ -> ops.segment(selected, (inner, in) -> {
                var dtype = context.weight_OI().dtype();
                var gated = inner.gate(gate, in);
                return inner.linear(context, inner.norm(contextNorm, gated.dtype() == dtype ? gated : inner.map(gated, x -> x.to(dtype))));
            }));
            var projection = Objects.requireNonNull(layer.image().text());
            shared.add(ops.segment(text, (inner, in) -> projection.keyValues(inner, in, layer.image().kNorm())));
        }
        return shared;
    }

    @Override
    public LanguageModel llm() { return encoder; }

    @Override
    public int[] imageStarts(Prompt prompt) { return new int[prompt.batch()]; }

    /// The noise level alone conditions: the baseline never reads a pooled text.
    @Override
    public ImageOutput image(ImageInput input, ForwardHooks hooks, Ops ops) {
        var unpooled = new ImageInput(input.latents(), input.timesteps_B(), input.text(), null, input.options());
        return backbone.masked(mask().ofImage()).image(unpooled, hooks, ops);
    }
}
