package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.dit.Norms.AdaLn;
import dev.fusedit.nn.GatedMlp;
import dev.fusedit.nn.Heads;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.JoinedLinear;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.RotaryEmbedding.RotaryTable;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One block of the image side: attention, perhaps cross-attention to the text, and a gated MLP, all residual (Peebles and Xie 2023).
///
/// In parts, so that [FuseLayer] can put the text's keys and values into its attention.
///
/// @param qkv the three projections as one matmul; null where they are not joined
/// @param text for a block that makes keys and values of the text itself, else null
/// @param qNorm over a head's width, null without qk-norm; so is kNorm
/// @param postAttention before the MLP, or with sandwich norm on attention's output
public record DiTBlock(DiTConfig config, AdaLn input, @Nullable RmsNorm qNorm, @Nullable RmsNorm kNorm, Linear q, Linear k, Linear v,
        Linear o, @Nullable JoinedLinear qkv, @Nullable TextProjection text,
        @Nullable CrossAttention cross, RmsNorm postAttention, @Nullable RmsNorm preMlp, @Nullable RmsNorm postMlp, GatedMlp mlp) {

    static DiTBlock of(DiTConfig config, BlockText text, Weights weights) {
        var attention = weights.in("self_attn");
        int width = config.width(), kvWidth = config.kvHeads() * config.headDim();
        var sandwich = config.sandwichNorm();
        var input = AdaLn.of(config, weights);
        var qNorm = config.qkNorm() ? RmsNorm.of(attention.in("q_norm"), config.headDim(), config.normEps()) : null;
        var kNorm = config.qkNorm() ? RmsNorm.of(attention.in("k_norm"), config.headDim(), config.normEps()) : null;
        var q = Linear.of(attention.in("q_proj"), Init.XAVIER, width, config.heads() * config.headDim(), config.attentionBias());
        var k = Linear.of(attention.in("k_proj"), Init.XAVIER, width, kvWidth, config.attentionBias());
        var v = Linear.of(attention.in("v_proj"), Init.XAVIER, width, kvWidth, config.attentionBias());
        return new DiTBlock(config, input, qNorm, kNorm, q, k, v,
                Linear.of(attention.in("o_proj"), Init.XAVIER, config.heads() * config.headDim(), width, config.attentionBias()),
                JoinedLinear.of(weights, q, k, v),
                TextProjection.of(config, text, weights),
                text.fusion() instanceof Fusion.CrossAttention ? CrossAttention.of(config, weights) : null,
                norm(config, weights, "post_attention_layernorm"),
                sandwich ? norm(config, weights, "pre_feedforward_layernorm") : null,
                sandwich ? norm(config, weights, "post_feedforward_layernorm") : null,
                GatedMlp.of(weights.in("mlp"), Init.XAVIER, width, config.intermediate(), config.activation(), false));
    }

    private static RmsNorm norm(DiTConfig config, Weights weights, String name) {
        return RmsNorm.of(weights.in(name), config.width(), config.normEps());
    }

    /// Queries, keys and values of the image, rotated by its positions.
    ///
    /// @param q_BHND queries
    public record Projection(Tensor q_BHND, KeyValues keyValues) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return Stream.concat(Stream.of(q_BHND), keyValues.tensors()); }
    }

    /// What the noise level does to this block.
    Modulation modulation(TimeEmbedding.@Nullable State time) { return input.modulation(time); }

    Projection project(Tensor x_BNC, Modulation mod, @Nullable RotaryTable rotary) {
        return TensorScope.scoped(() -> {
            var normed = input.norm().modulated(x_BNC, mod.scaleAttention(), mod.shiftAttention());
            var projected = JoinedLinear.each(qkv, normed, q, k, v);
            var queries = Heads.normAndRotate(projected.get(0), config.heads(), qNorm, rotary);
            var keys = Heads.normAndRotate(projected.get(1), config.kvHeads(), kNorm, rotary);
            return new Projection(queries, new KeyValues(keys, Heads.split(projected.get(2), config.kvHeads())));
        });
    }

    /// Adds attention's result to the image.
    Tensor attended(Tensor x_BNC, Tensor out_BHND, Modulation mod) {
        return TensorScope.scoped(() -> {
            var out = o.apply(Heads.merge(out_BHND));
            return Modulation.add(x_BNC, config.sandwichNorm() ? postAttention.apply(out) : out, mod.gateAttention());
        });
    }

    /// Adds what the MLP makes of the image.
    Tensor mlp(Tensor x_BNC, Modulation mod) {
        return TensorScope.scoped(() -> {
            var norm = preMlp == null ? postAttention : preMlp;
            var out = mlp.apply(norm.modulated(x_BNC, mod.scaleMlp(), mod.shiftMlp()));
            return Modulation.add(x_BNC, postMlp == null ? out : postMlp.apply(out), mod.gateMlp());
        });
    }
}
