package dev.fusedit.fusion.llm;

import dev.fusedit.nn.GatedMlp;
import dev.fusedit.nn.Heads;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.jspecify.annotations.Nullable;

/// One layer of a language model: attention over the tokens before, then a gated MLP, both residual.
///
/// In parts, because a fused layer needs them apart: keys and values are shared with the image, and the last layer's other parts are
/// computed only for someone who reads them.
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

    /// Keys without positions, and values, of normed tokens.
    public KeyValues keyValues(Tensor normed_BTM) {
        return TensorScope.scoped(() -> {
            var keys = k.apply(normed_BTM);
            return new KeyValues(Heads.split(kNorm == null ? keys : kNorm.perHead(keys, config.kvHeads()), config.kvHeads()),
                    Heads.split(v.apply(normed_BTM), config.kvHeads()));
        });
    }

    /// Queries without positions, of normed tokens.
    public Tensor queries(Tensor normed_BTM) {
        return TensorScope.scoped(() -> {
            var queries = Heads.split(q.apply(normed_BTM), config.heads());
            return qNorm == null ? queries : qNorm.apply(queries);
        });
    }

    /// What follows attention.
    public Tensor finish(Tensor x_BTM, Tensor attended_BHTD) {
        return TensorScope.scoped(() -> {
            var attended = o.apply(Heads.merge(attended_BHTD));
            if (preMlp == null || postMlp == null) {
                var x = x_BTM.add(attended);
                return x.add(mlp.apply(postAttention.apply(x)));
            }
            var x = x_BTM.add(postAttention.apply(attended));
            return x.add(postMlp.apply(mlp.apply(preMlp.apply(x))));
        });
    }

    /// The whole layer as the family has it, with its own query scale and window.
    public Tensor forward(Tensor x_BTM, TextPass pass) {
        return TensorScope.scoped(() -> {
            var rotary = pass.rotary(this);
            var normed = input.apply(x_BTM);
            var own = keyValues(normed);
            var rotated = new KeyValues(rotary.apply(own.keys()), own.values());
            var seen = pass.gate(this).apply(rotated);
            return finish(x_BTM, pass.mask(this).attend(rotary.apply(queries(normed)), seen, config.scaling()));
        });
    }
}
