package dev.fusedit.fusion.dit;

import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.Weights;
import org.jspecify.annotations.Nullable;

/// Weights of an attention of image queries over text keys. Notable: its input is not normed, its output has no gate, and no positions take
/// part.
public record CrossAttention(@Nullable RmsNorm qNorm, Linear q, Linear o, @Nullable RmsNorm postNorm, int heads) {
    static CrossAttention of(DiTConfig config, Weights block) {
        var weights = block.in("cross_attn");
        int inner = config.heads() * config.headDim();
        return new CrossAttention(
                config.qkNorm() ? RmsNorm.of(weights.in("q_norm"), config.headDim(), config.normEps()) : null,
                Linear.of(weights.in("q_proj"), Init.XAVIER, config.width(), inner, config.attentionBias()),
                Linear.of(weights.in("o_proj"), Init.XAVIER, inner, config.width(), config.attentionBias()),
                config.sandwichNorm() ? RmsNorm.of(block.in("post_cross_attention_layernorm"), config.width(), config.normEps()) : null,
                config.heads());
    }
}
