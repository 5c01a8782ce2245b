package dev.fusedit.fusion.dit;

import dev.fusedit.nn.GatedMlp;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.JoinedLinear;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.RotaryEmbedding.RotaryTable;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One block of the image side: attention and a gated MLP, both residual (Peebles and Xie 2023). In parts, of which [FuseLayer] is made.
///
/// @param norm before the attention
/// @param modulation where the vectors of the noise level come from
/// @param qNorm over a head's width, null without qk-norm; so is kNorm
/// @param qkv queries, keys and values
/// @param text makes keys and values of the text itself; null where the language model's layer does
/// @param reading how it reads the text
/// @param mlpNorm before the MLP
/// @param sandwich null without sandwich norms
public record DiTBlock(DiTConfig config, RmsNorm norm, BlockModulation modulation, @Nullable RmsNorm qNorm, @Nullable RmsNorm kNorm,
        JoinedLinear qkv, Linear o, @Nullable TextProjection text, TextAttention reading, RmsNorm mlpNorm, @Nullable Sandwich sandwich,
        GatedMlp mlp) {
    /// Norms of what is added to the image.
    public record Sandwich(RmsNorm attention, RmsNorm mlp) {}

    static DiTBlock of(DiTConfig config, BlockText text, Weights weights) {
        var attention = weights.in("self_attn");
        int width = config.width(), kvWidth = config.kvHeads() * config.headDim();
        var norm = firstNorm(config, weights);
        var modulation = BlockModulation.of(config, weights, Modulation.PARTS);
        var qNorm = config.qkNorm() ? RmsNorm.of(attention.in("q_norm"), config.headDim(), config.normEps()) : null;
        var kNorm = config.qkNorm() ? RmsNorm.of(attention.in("k_norm"), config.headDim(), config.normEps()) : null;
        var q = Linear.of(attention.in("q_proj"), Init.XAVIER, width, config.heads() * config.headDim(), config.attentionBias());
        var k = Linear.of(attention.in("k_proj"), Init.XAVIER, width, kvWidth, config.attentionBias());
        var v = Linear.of(attention.in("v_proj"), Init.XAVIER, width, kvWidth, config.attentionBias());
        var o = Linear.of(attention.in("o_proj"), Init.XAVIER, config.heads() * config.headDim(), width, config.attentionBias());
        var projection = TextProjection.of(config, text, weights);
        var reading = TextAttention.of(text.fusion(), config, weights);
        var postAttention = norm(config, weights, "post_attention_layernorm");
        var mlpNorm = config.sandwichNorm() ? norm(config, weights, "pre_feedforward_layernorm") : postAttention;
        var sandwich = config.sandwichNorm() ? new Sandwich(postAttention, norm(config, weights, "post_feedforward_layernorm")) : null;
        return new DiTBlock(config, norm, modulation, qNorm, kNorm, JoinedLinear.of(weights, q, k, v), o, projection, reading, mlpNorm,
                sandwich, GatedMlp.of(weights.in("mlp"), Init.XAVIER, width, config.intermediate(), config.activation(), false));
    }

    /// The norm before the attention.
    static RmsNorm firstNorm(DiTConfig config, Weights weights) {
        return norm(config, weights, config.time().splitsNorms() ? "input_layernorm.norm" : "input_layernorm");
    }

    private static RmsNorm norm(DiTConfig config, Weights weights, String name) {
        return RmsNorm.of(weights.in(name), config.width(), config.normEps());
    }

    /// What the noise level does to this block.
    Modulation modulation(Ops ops, TimeEmbedding.@Nullable State time) { return modulation.of(ops, time); }

    /// Queries, keys and values of the image, rotated by its positions.
    ///
    /// @param q_BHND queries
    public record Projection(Tensor q_BHND, KeyValues keyValues) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return Stream.concat(Stream.of(q_BHND), keyValues.tensors()); }
    }

    /// q, k, v ← W n with n = norm(x) · (1 + scale) + shift; q and k normed and rotated.
    Projection project(Ops ops, Tensor x_BNC, Modulation mod, @Nullable RotaryTable rotary) {
        return TensorScope.scoped(() -> {
            var n = ops.norm(norm, x_BNC, mod.scaleAttention(), mod.shiftAttention());
            var parts = ops.linears(qkv, n);
            return new Projection(ops.heads(parts.get(0), config.heads(), qNorm, rotary),
                    new KeyValues(ops.heads(parts.get(1), config.kvHeads(), kNorm, rotary),
                            ops.heads(parts.get(2), config.kvHeads(), null, null)));
        });
    }

    /// x + gate · post(W_o a).
    ///
    /// @param attended_BNX heads merged
    Tensor attended(Ops ops, Tensor x_BNC, Tensor attended_BNX, Modulation mod) {
        return TensorScope.scoped(() -> {
            var out = ops.linear(o, attended_BNX);
            return ops.add(x_BNC, sandwich == null ? out : ops.norm(sandwich.attention, out), mod.gateAttention());
        });
    }

    /// x + gate · post(mlp(n)) with n = norm(x) · (1 + scale) + shift.
    Tensor mlp(Ops ops, Tensor x_BNC, Modulation mod) {
        return TensorScope.scoped(() -> {
            var out = ops.gatedMlp(mlp, ops.norm(mlpNorm, x_BNC, mod.scaleMlp(), mod.shiftMlp()));
            return ops.add(x_BNC, sandwich == null ? out : ops.norm(sandwich.mlp, out), mod.gateMlp());
        });
    }
}
