package dev.fusedit.fusion.llm;

import static com.google.common.base.Preconditions.checkState;

import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.GradientGate;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.RotaryEmbedding;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.CountingOps;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.HostReads;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A language model: Gemma 1 to 3 (Gemma Team 2024 and 2025, arXiv 2403.08295, 2408.00118, 2503.19786), Llama 3 (arXiv 2407.21783) or
/// Qwen 3 (arXiv 2505.09388), which differ little.
///
/// Notable: in a Gemma embeddings are scaled by √M, norms multiply by 1 + weight, heads may be wider than M / H, logits use the
/// embedding table.
///
/// @param compute dtype of hidden states. Matrices that nothing trains may be held in a smaller one ([dev.fusedit.nn.DTypePolicy#holding]): each is
///        widened where it is multiplied, a token's row where it is looked up
/// @param head makes logits; null for a model without, or one that uses the embedding table
public record LanguageModel(LanguageModelConfig config, DType compute, Tensor embedding_VM, List<DecoderLayer> layers, RmsNorm norm,
        @Nullable Linear head) {
    /// Without a head of its own, as fused models have it.
    public static LanguageModel of(LanguageModelConfig config, Weights weights) { return of(config, weights, null); }

    /// With a head, whose weights are not below the model's.
    ///
    /// @param head null for none; not read where the embedding table serves
    public static LanguageModel of(LanguageModelConfig config, Weights weights, @Nullable Weights head) {
        var embedding = weights.in("embed_tokens").get("weight", new Init.NormalButRow(config.initRange(), config.padId()),
                config.vocabulary(), config.hidden());
        var layers = IntStream.range(0, config.layers()).mapToObj(i -> DecoderLayer.of(config, i, weights.in("layers." + i))).toList();
        var own = head == null || config.tied() ? null
                : Linear.of(head, Init.normal(config.initRange()), config.hidden(), config.vocabulary(), false);
        return new LanguageModel(config, weights.policy().compute(), embedding, layers,
                DecoderLayer.norm(config, weights, "norm", config.hidden()), own);
    }

    /// A prompt as it is best computed here: with as many columns as one of the few lengths that texts are rounded up to
    /// ([dev.fusedit.torch.Buckets]).
    public Prompt bucketed(Prompt prompt) {
        try (var _ = TensorScope.open()) {
            return prompt.bucketed(like());
        }
    }

    /// A tensor as hidden states are, whatever the embeddings are held in: it tells dtype and device. The innermost scope's.
    public Tensor like() { return Tensor.scalar(0, compute).to(embedding_VM.device()); }

    /// Token embeddings; in a Gemma times √M, that factor rounded to their dtype.
    public Tensor embed(Prompt prompt) {
        return TensorScope.scoped(() -> {
            var rows = embedding_VM.embedding(prompt.ids(embedding_VM.device()));
            var embedded = rows.dtype() == compute ? rows : rows.to(compute);
            return config.family().isGemma() ? embedded.mul(rounded(Math.sqrt(config.hidden()))) : embedded;
        });
    }

    private double rounded(double number) { return HostReads.ofHost(() -> Tensor.scalar(number, DType.F32).to(compute).item()); }

    /// Rotary positions of a prompt's tokens.
    public RotaryEmbedding rotaryEmbedding(Prompt prompt, Device device) {
        return rotaryEmbedding(prompt, config.ropeScaling().frequencies(config.headDim(), config.ropeTheta()), device);
    }

    /// Those of another base, without scaling.
    RotaryEmbedding rotaryEmbedding(Prompt prompt, double theta, Device device) {
        return rotaryEmbedding(prompt, RotaryEmbedding.frequencies(config.headDim(), theta), device);
    }

    private RotaryEmbedding rotaryEmbedding(Prompt prompt, float[] frequencies, Device device) {
        var same = IntStream.range(0, prompt.batch())
                .allMatch(b -> java.util.Arrays.equals(prompt.positions_BT()[b], prompt.positions_BT()[0]));
        int rows = same ? 1 : prompt.batch();
        var positions = new RotaryEmbedding.Positions() {
            @Override
            public int position(int row, int d) {
                return Math.toIntExact(prompt.positions_BT()[row / prompt.tokens()][row % prompt.tokens()]);
            }

            @Override
            public int frequency(int d) { return d % frequencies.length; }
        };
        return RotaryEmbedding.of(positions, rows, prompt.tokens(), config.headDim(), frequencies, device);
    }

    /// Positions and masks for all layers, for embedded tokens.
    public TextPass pass(Prompt prompt, Tensor x_BTM) { return TextPass.of(this, prompt, x_BTM); }

    /// What the layers are run on.
    ///
    /// @param x (B, T, M); (1, S, M) where the prompts' real tokens lie one behind the other, with padding up to S behind the last
    public record Entered(Tensor x, TextPass pass) {}

    /// Embedded tokens, without padding where that saves work: on the CPU, and unless a layer's window is shorter than a prompt. The layers'
    /// keys and values become rows of equal length by [TextPass#spread].
    ///
    /// @param inRows whether they are to be rows of equal length all the same
    public Entered enter(Prompt prompt, boolean inRows, Ops ops) {
        var packed = !inRows && embedding_VM.device().isCpu() && fits(config.family().windows(), prompt) ? packed(prompt) : null;
        var x = ops.graph(() -> embed(packed == null ? prompt : packed));
        return new Entered(x, packed == null ? pass(prompt, x) : TextPass.packed(this, prompt, packed, x));
    }

    private @Nullable Prompt packed(Prompt prompt) {
        try (var _ = TensorScope.open()) {
            return prompt.packed(like());
        }
    }

    /// Embedded tokens without their values, for counting.
    public Tensor shapes(CountingOps ops, long texts, long tokens) {
        return ops.input(embedding_VM.requiresGrad(), texts, tokens, config.hidden());
    }

    /// What all layers take of so many texts of equal length, without padding.
    ///
    /// @return the last one's output
    public Tensor count(CountingOps ops, long texts, long tokens) {
        var pass = TextPass.shapes(this, tokens);
        var x = shapes(ops, texts, tokens);
        for (var layer : layers) {
            x = layer.forward(ops, x, pass);
        }
        return x;
    }

    private static boolean fits(Windows windows, Prompt prompt) {
        return windows.layers().isEmpty() || IntStream.range(0, prompt.batch()).filter(b -> prompt.lengths_B()[b] > 0)
                .allMatch(b -> prompt.positions_BT()[b][prompt.lengths_B()[b] - 1] < windows.size());
    }

    /// Hidden states after the last layer and the final norm, (B, T, M).
    public Tensor forward(Prompt prompt) { return forward(prompt, ForwardHooks.NONE); }

    public Tensor forward(Prompt prompt, ForwardHooks hooks) { return forward(prompt, hooks, Ops.AUTOGRAD); }

    /// @param ops how the layers are computed
    public Tensor forward(Prompt prompt, ForwardHooks hooks, Ops ops) {
        return TensorScope.scoped(() -> {
            var x = ops.graph(() -> embed(prompt));
            var pass = ops.hold(pass(prompt, x));
            hooks.see("llm.in", x);
            for (var layer : layers) {
                x = ops.segment(x, (inner, in) -> layer.forward(inner, in, pass));
                hooks.see("llm.layer." + layer.index(), x);
            }
            return ops.segment(x, (inner, in) -> inner.norm(norm, in));
        });
    }

    /// Every layer's input, then the final normed state: M + 1 tensors of (B, T, M) for M layers, as transformers counts them.
    public List<Tensor> hiddenStates(Prompt prompt) { return hiddenStates(prompt, ForwardHooks.NONE); }

    public List<Tensor> hiddenStates(Prompt prompt, ForwardHooks hooks) {
        return hiddenStates(prompt, _ -> GradientGate.OPEN, hooks, Ops.AUTOGRAD);
    }

    /// @param gates by layer, as [TextPass#gates]
    /// @param ops how the layers are computed
    public List<Tensor> hiddenStates(Prompt prompt, IntFunction<GradientGate> gates, ForwardHooks hooks, Ops ops) {
        var states = new ArrayList<Tensor>();
        var x = ops.graph(() -> embed(prompt));
        states.add(x);
        try (var scope = TensorScope.open()) {
            var pass = ops.hold(pass(prompt, x).gated(gates));
            for (var layer : layers) {
                x = scope.keep(ops.segment(x, (inner, in) -> layer.forward(inner, in, pass)));
                hooks.see("llm.layer." + layer.index(), x);
                states.add(x);
            }
            states.set(states.size() - 1, scope.keep(ops.segment(x, (inner, in) -> inner.norm(norm, in))));
        }
        return states;
    }

    /// Scores of the next token by normed hidden states, (…, V).
    ///
    /// @throws IllegalStateException if the model has no head and its embedding table does not serve as one
    public Tensor logits(Tensor hidden) {
        checkState(head != null || config.tied(),
                "this language model was built without the head that it does not share with its embeddings");
        return TensorScope.scoped(() -> {
            var logits = (head == null ? new Linear(embedding_VM, null) : head).apply(hidden);
            var softcap = config.family().finalSoftcap();
            return softcap == 0 ? logits : logits.div(softcap).tanh().mul(softcap);
        });
    }

    /// Its configuration; the weights are long.
    @Override
    public String toString() { return "LanguageModel[" + config + "]"; }
}
