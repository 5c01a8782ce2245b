package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.AttentionMask;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.ScoreScaling;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.GradientGate;
import dev.fusedit.nn.ops.CountingOps;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A diffusion transformer of dual-stream blocks (MMDiT) over one hidden state of a language model, with text-adapter blocks between the two
/// (arXiv 2606.11289). The hidden state, on the image side's width, is x; each adapter block is
///
///     n ← norm(x);  q, k, v ← W_q n, W_k n, W_v n;  q, k normed over each head
///     x ← x + post(W_o softmax(q kᵀ / √D) v)                       over the real tokens of the caption, before and after
///     x ← x + post(W_down (act(W_gate n) · W_up n)),  n = norm(x)
///
/// What comes of them is computed once a caption; from there on the text is a stream of its own, which sees the image. [DualStreamBlock] has its
/// equation.
///
/// Notable: each noise level computes the text's rows anew, so sampling costs (N + T) / N times the image's matrices and no keys and values are
/// kept. Image positions begin at 0, whatever the prompt's length; text rows are not rotated, the language model knows their order.
///
/// @param encoder the language model, with weights of its own
/// @param adapters blocks of text alone
public record DualStreamDiT(DualStreamDiTConfig config, TextEncoder encoder, List<DiTBlock> adapters, Backbone<DualStreamBlock> backbone)
        implements ImageModel {
    public static DualStreamDiT of(DualStreamDiTConfig config, Weights weights, LanguageModel llm) {
        var image = config.image();
        var untimed = image.toBuilder().time(new TimeConditioning.None()).build();
        var adapters = IntStream.range(0, config.adapterLayers())
                .mapToObj(i -> DiTBlock.of(untimed, new BlockText.Stream(), weights.in("text_adapter." + i))).toList();
        var blocks = IntStream.range(0, image.layers())
                .mapToObj(i -> DualStreamBlock.of(image, i, i + 1 == image.layers(), weights.in("layers." + i))).toList();
        return new DualStreamDiT(config, TextEncoder.of(config, config.text().hidden(), weights, llm), adapters,
                new Backbone<>(DiT.of(image, new BlockText.Stream(), weights), blocks, config.fusion(), GradientMask.NONE));
    }

    /// @throws UserError if the mask tells layers apart in what the image reads of the text, which enters once
    @Override
    public DualStreamDiT masked(GradientMask other) {
        if (IntStream.range(0, config.image().layers())
                .mapToDouble(layer -> other.factor(GradientMask.Modality.IMAGE, GradientMask.Modality.TEXT, layer)).distinct().count()
                > 1) {
            throw new UserError("gradient_mask: in a dual-stream model the text enters the image side once, "
                    + "so a rule for image queries and text keys must be for all layers");
        }
        return new DualStreamDiT(config, encoder, adapters, backbone.masked(other));
    }

    @Override
    public TextKvCache text(Prompt given, boolean withOutput, ForwardHooks hooks, Ops ops) {
        var prompt = llm().bucketed(given);
        return TensorScope.scoped(() -> {
            var gates = ops.hold(mask().over(prompt, llm().like()));
            var states = encoder.states(prompt, gates, hooks, ops);
            return stream(prompt, states.selected_BTM(), withOutput ? states.last_BTM() : null, gates, hooks, ops);
        });
    }

    @Override
    public Tensor planes(Prompt prompt) { return encoder.planes(prompt); }

    @Override
    public TextKvCache text(Prompt prompt, Tensor planes_PBKTW, Ops ops) {
        return TensorScope.scoped(() -> stream(prompt, TextEncoder.selected(planes_PBKTW), null,
                ops.hold(mask().over(prompt, llm().like())), ForwardHooks.NONE, ops));
    }

    /// @param output the language model's own; null where nobody asked
    private TextKvCache stream(Prompt prompt, Tensor selected_BTM, @Nullable Tensor output, GradientMask.Gates gates, ForwardHooks hooks,
            Ops ops) {
        var x = encoder.context(ops, selected_BTM, gates.text(0));
        var tokens = ops.hold(realTokens(prompt, x));
        for (var adapter : adapters) {
            var next = ops.segment(x, (inner, in) -> adapted(inner, adapter, in, tokens));
            x.free(); // who needs it has it
            x = next;
        }
        hooks.see("text.adapted", x);
        return new TextKvCache(new TextKvCache.StreamInput(x), prompt, imageStarts(prompt), output);
    }

    /// The text's projection and adapters are the image side's, so a gradient flows to them.
    @Override
    public TextKvCache.Read readShapes(CountingOps ops, ImageShape shape, boolean learns) {
        return new TextKvCache.StreamInput(
                ops.input(learns || dit().patches().weight_OIPP().requiresGrad(), shape.images(), shape.text(), config.image().width()));
    }

    @Override
    public void countText(CountingOps ops, long texts, long tokens, boolean withOutput) {
        try (var _ = TensorScope.open()) {
            var selected = llm().count(ops, texts, tokens);
            var x = encoder.context(ops, selected, GradientGate.OPEN);
            for (var adapter : adapters) {
                x = adapted(ops, adapter, x, AttentionMask.ALL);
            }
        }
    }

    private static Tensor adapted(Ops ops, DiTBlock adapter, Tensor x_BTC, AttentionMask tokens) {
        return TensorScope.scoped(() -> {
            var rows = adapter.project(ops, x_BTC, Modulation.NONE, null);
            var attended = ops.attention(rows.q_BHND(), rows.keyValues(), ScoreScaling.plain(adapter.config().headDim()), tokens);
            return adapter.mlp(ops, adapter.attended(ops, x_BTC, attended, Modulation.NONE), Modulation.NONE);
        });
    }

    /// A caption without tokens sees its padding: a softmax over nothing would not be a number, and nobody reads its rows.
    private static AttentionMask realTokens(Prompt prompt, Tensor x_BTC) {
        var seen = Arrays.stream(prompt.lengths_B()).map(length -> length > 0 ? length : prompt.tokens()).toArray();
        return new AttentionMask.Keys(Prompt.keyBias(seen, prompt.tokens(), 0, x_BTC.dtype(), x_BTC.device()));
    }

    @Override
    public LanguageModel llm() { return encoder.llm(); }

    @Override
    public int[] imageStarts(Prompt prompt) { return new int[prompt.batch()]; }

    /// The noise level alone conditions: no pooled text is read.
    @Override
    public ImageOutput image(ImageInput input, ForwardHooks hooks, Ops ops) {
        return backbone.masked(mask().ofImage()).image(input.withoutPooled(), hooks, ops);
    }

    /// Its configuration; the weights are long.
    @Override
    public String toString() { return "DualStreamDiT[" + config + "]"; }
}
