package dev.fusedit.fusion.llm;

import dev.fusedit.nn.GatedMlp;
import dev.fusedit.nn.Heads;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.KeysValues;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.Rotation.Turn;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.jspecify.annotations.Nullable;

/// One layer of a Gemma: attention over the tokens before, then a gated MLP, both residual.
///
/// In parts, because a fused layer needs them apart: keys and values are shared with the image, and the last layer's other parts are
/// computed only for someone who reads them.
///
/// @param postAttention before the MLP in Gemma 1, on attention's output in Gemma 2
public record GemmaLayer(GemmaConfig config, int index, RmsNorm input, Linear q, Linear k, Linear v, Linear o, RmsNorm postAttention,
        @Nullable RmsNorm preMlp, @Nullable RmsNorm postMlp, GatedMlp mlp) {
    static GemmaLayer of(GemmaConfig config, int index, Weights weights) {
        var init = Init.normal(config.initRange());
        int width = config.hidden();
        var attention = weights.in("self_attn");
        return new GemmaLayer(config, index,
                norm(config, weights, "input_layernorm"),
                Linear.of(attention.in("q_proj"), init, width, config.heads() * config.headDim(), config.attentionBias()),
                Linear.of(attention.in("k_proj"), init, width, config.kvHeads() * config.headDim(), config.attentionBias()),
                Linear.of(attention.in("v_proj"), init, width, config.kvHeads() * config.headDim(), config.attentionBias()),
                Linear.of(attention.in("o_proj"), init, config.heads() * config.headDim(), width, config.attentionBias()),
                norm(config, weights, "post_attention_layernorm"),
                config.family().hasSandwichNorms() ? norm(config, weights, "pre_feedforward_layernorm") : null,
                config.family().hasSandwichNorms() ? norm(config, weights, "post_feedforward_layernorm") : null,
                GatedMlp.of(weights.in("mlp"), init, width, config.intermediate()));
    }

    private static RmsNorm norm(GemmaConfig config, Weights weights, String name) {
        return RmsNorm.of(weights.in(name), config.hidden(), config.normEps());
    }

    /// Keys without positions, and values, of normed tokens.
    public KeysValues keysValues(Tensor normed_BTM) {
        return TensorScope.scoped(() -> new KeysValues(Heads.split(k.apply(normed_BTM), config.kvHeads()),
                Heads.split(v.apply(normed_BTM), config.kvHeads())));
    }

    /// Queries without positions, of normed tokens.
    public Tensor queries(Tensor normed_BTM) { return TensorScope.scoped(() -> Heads.split(q.apply(normed_BTM), config.heads())); }

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
    public Tensor forward(Tensor x_BTM, Turn turn, Prompt prompt) {
        return TensorScope.scoped(() -> {
            var normed = input.apply(x_BTM);
            var own = keysValues(normed);
            var turned = new KeysValues(turn.apply(own.keys()), own.values());
            return finish(x_BTM, mask(prompt, x_BTM).attend(turn.apply(queries(normed)), turned, scale()));
        });
    }

    private TextMask mask(Prompt prompt, Tensor x) {
        return switch (config.family()) {
            case Family.Gemma() -> TextMask.of(prompt, x.dtype(), x.device());
            case Family.Gemma2(_, var window) -> index % 2 == 0 ? TextMask.windowed(prompt, window, x.dtype(), x.device())
                    : TextMask.of(prompt, x.dtype(), x.device());
        };
    }

    private double scale() {
        return switch (config.family()) {
            case Family.Gemma() -> 1 / Math.sqrt(config.headDim());
            case Family.Gemma2(var scalar, _) -> 1 / Math.sqrt(scalar);
        };
    }
}
