package dev.fusedit.fusion.llm;

import dev.fusedit.nn.AttentionMask;
import dev.fusedit.nn.GatedMlp;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.ScoreScaling;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One layer of a language model: attention over the tokens before, then a gated MLP, both residual.
///
/// Keys and values are given with the next hidden states, since a fused layer's image reads them.
///
/// @param qNorm over a head's width, null where the family has none; so is kNorm
/// @param postAttention before the MLP in Gemma 1, on attention's output in Gemma 2 and 3
public record DecoderLayer(LanguageModelConfig config, int index, RmsNorm input, Linear q, Linear k, Linear v, Linear o,
        @Nullable RmsNorm qNorm,
        @Nullable RmsNorm kNorm, RmsNorm postAttention, @Nullable RmsNorm preMlp, @Nullable RmsNorm postMlp, GatedMlp mlp) {
    static DecoderLayer of(LanguageModelConfig config, int index, Weights weights) {
        var init = Init.normal(config.initRange());
        int width = config.hidden();
        var attention = weights.in("self_attn");
        return new DecoderLayer(config, index,
                norm(config, weights, "input_layernorm"),
                Linear.of(attention.in("q_proj"), init, width, config.heads() * config.headDim(), config.attentionBias()),
                Linear.of(attention.in("k_proj"), init, width, config.kvHeads() * config.headDim(), config.attentionBias()),
                Linear.of(attention.in("v_proj"), init, width, config.kvHeads() * config.headDim(), config.attentionBias()),
                Linear.of(attention.in("o_proj"), init, config.heads() * config.headDim(), width, config.attentionBias()),
                config.family().hasQueryKeyNorms() ? norm(config, attention, "q_norm", config.headDim()) : null,
                config.family().hasQueryKeyNorms() ? norm(config, attention, "k_norm", config.headDim()) : null,
                norm(config, weights, "post_attention_layernorm"),
                config.family().hasSandwichNorms() ? norm(config, weights, "pre_feedforward_layernorm") : null,
                config.family().hasSandwichNorms() ? norm(config, weights, "post_feedforward_layernorm") : null,
                GatedMlp.of(weights.in("mlp"), init, width, config.intermediate(), config.activation(), config.family().hasMlpBias()));
    }

    private static RmsNorm norm(LanguageModelConfig config, Weights weights, String name) {
        return norm(config, weights, name, config.hidden());
    }

    static RmsNorm norm(LanguageModelConfig config, Weights weights, String name, int width) {
        return config.family().isGemma() ? RmsNorm.of(weights.in(name), width, config.normEps())
                : RmsNorm.plain(weights.in(name), width, config.normEps());
    }

    /// What a layer makes of its tokens.
    ///
    /// @param x_BTM the next layer's input; null where nobody reads it
    /// @param plain keys without positions, and values, (B, K, T, D)
    /// @param rotated keys with positions, and values
    public record Output(@Nullable Tensor x_BTM, KeyValues plain, KeyValues rotated) implements Tensors {
        @Override
        public Stream<Tensor> tensors() {
            return Stream.concat(Stream.ofNullable(x_BTM), Stream.concat(plain.tensors(), Stream.of(rotated.keys())));
        }
    }

    /// The layer as the family has it, with its own attention scale and window.
    public Tensor forward(Ops ops, Tensor x_BTM, TextPass pass) {
        return Objects.requireNonNull(forward(ops, x_BTM, pass, pass.mask(this), config.scaling(), true).x_BTM());
    }

    /// The layer's equation, post and post' being nothing but in the families with sandwich norms (Gemma 2 and 3):
    ///
    ///     n ← norm(x);  q, k, v ← W_q n, W_k n, W_v n;  q, k rotated by their positions
    ///     x ← x + post(W_o attention(q, k, v))
    ///     x ← x + post'(mlp(norm'(x)))
    ///
    /// @param more whether somebody reads the next hidden states: else the last layer's queries, MLP and later norms are not computed
    public Output forward(Ops ops, Tensor x_BTM, TextPass pass, AttentionMask mask, ScoreScaling scaling, boolean more) {
        return TensorScope.scoped(() -> {
            var rotary = pass.rotary(this);
            var n = ops.norm(input, x_BTM);
            var plain = new KeyValues(ops.heads(ops.linear(k, n), config.kvHeads(), kNorm, null),
                    ops.heads(ops.linear(v, n), config.kvHeads(), null, null));
            var rotated = new KeyValues(ops.rotate(plain.keys(), rotary), plain.values());
            if (!more) {
                return new Output(null, plain, rotated);
            }
            var queries = ops.rotate(ops.heads(ops.linear(q, n), config.heads(), qNorm, null), rotary);
            var out = ops.linear(o, pass.attend(ops, queries, ops.gate(pass.gate(this), rotated), scaling, mask));
            var x = ops.add(x_BTM, hasSandwichNorms() ? ops.norm(postAttention, out) : out);
            return new Output(mlp(ops, x), plain, rotated);
        });
    }

    private Tensor mlp(Ops ops, Tensor x_BTM) {
        return TensorScope.scoped(() -> {
            var out = ops.gatedMlp(mlp, ops.norm(preMlp == null ? postAttention : preMlp, x_BTM));
            return ops.add(x_BTM, postMlp == null ? out : ops.norm(postMlp, out));
        });
    }

    private boolean hasSandwichNorms() { return postMlp != null; }
}
