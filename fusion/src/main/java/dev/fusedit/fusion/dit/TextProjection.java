package dev.fusedit.fusion.dit;

import dev.fusedit.nn.Init;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.jspecify.annotations.Nullable;

/// A block's own keys and values of the text, for models that give all blocks the same hidden state. No positions take part.
public record TextProjection(@Nullable RmsNorm kNorm, Linear k, Linear v, int kvHeads) {
    static @Nullable TextProjection of(DiTConfig config, BlockText text, Weights block) {
        return switch (text) {
            case BlockText.FromLayers _ -> null;
            case BlockText.Stream() -> null;
            case BlockText.Projected(var fusion, var width) -> of(config, fusion, width, block);
        };
    }

    private static TextProjection of(DiTConfig config, Fusion fusion, int width, Weights block) {
        var kvWidth = config.kvHeads() * config.headDim();
        var self = fusion.sharesPositions();
        var weights = block.in(self ? "self_attn" : "cross_attn");
        // the shared attention norms text keys as it does its own: that norm belongs to the block
        var norm = config.qkNorm() && !self ? RmsNorm.of(weights.in("k_norm"), config.headDim(), config.normEps()) : null;
        return new TextProjection(norm,
                Linear.of(weights.in("text_k_proj"), Init.XAVIER, width, kvWidth, config.attentionBias()),
                Linear.of(weights.in("text_v_proj"), Init.XAVIER, width, kvWidth, config.attentionBias()), config.kvHeads());
    }

    /// @param blockNorm of the block's own keys; null for none
    KeyValues keyValues(Ops ops, Tensor text_BTX, @Nullable RmsNorm blockNorm) {
        return TensorScope.scoped(() -> new KeyValues(ops.heads(ops.linear(k, text_BTX), kvHeads, kNorm == null ? blockNorm : kNorm, null),
                ops.heads(ops.linear(v, text_BTX), kvHeads, null, null)));
    }
}
