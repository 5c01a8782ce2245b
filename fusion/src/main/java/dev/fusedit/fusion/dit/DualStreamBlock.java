package dev.fusedit.fusion.dit;

import dev.fusedit.nn.Init;
import dev.fusedit.nn.JoinedLinear;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.ScoreScaling;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A block of two streams, text and image, each with weights of its own, which meet in one attention (MMDiT; Esser et al. 2024, arXiv 2403.03206).
/// For both streams s:
///
///     γ₁, β₁, g₁, γ₂, β₂, g₂ ← modulation_s(t)
///     n ← norm_s(x_s) · (1 + γ₁) + β₁
///     q_s, k_s, v_s ← W_q n, W_k n, W_v n;  q_s, k_s normed over each head, the image's rotated by its positions
///     x_s ← x_s + g₁ · post_s(W_o softmax(q_s [k_text; k_image]ᵀ / √D) [v_text; v_image])
///     n ← norm_s(x_s) · (1 + γ₂) + β₂
///     x_s ← x_s + g₂ · post_s(W_down (act(W_gate n) · W_up n))
///
/// Of the last block's text only k and v are made: nobody reads more. What the noise level does not act on, and norms that a configuration lacks,
/// fall away, as in [FuseLayer].
///
/// Notable: text rows see the noisy image and the noise level, so they are computed at each noise level. A row's softmax is its own: the
/// attention of all rows is one call for the text's queries and one for the image's, over the same keys and values.
public record DualStreamBlock(int index, TextRows text, DiTBlock image) implements ImageBlock {
    /// What is computed of the text.
    public sealed interface TextRows {
        /// All that is computed of the image.
        record Whole(DiTBlock block) implements TextRows {}

        /// Keys and values.
        ///
        /// @param norm before the attention
        /// @param modulation γ₁ and β₁ alone
        /// @param kNorm over a head's width, null without qk-norm
        record KeysValues(RmsNorm norm, BlockModulation modulation, @Nullable RmsNorm kNorm, JoinedLinear kv, int heads)
                implements TextRows {
            static KeysValues of(DiTConfig config, Weights weights) {
                var attention = weights.in("self_attn");
                int width = config.width(), kvWidth = config.kvHeads() * config.headDim();
                return new KeysValues(DiTBlock.firstNorm(config, weights),
                        BlockModulation.of(config, weights, Modulation.OF_NORM),
                        config.qkNorm() ? RmsNorm.of(attention.in("k_norm"), config.headDim(), config.normEps()) : null,
                        JoinedLinear.of(weights,
                                Linear.of(attention.in("k_proj"), Init.XAVIER, width, kvWidth, config.attentionBias()),
                                Linear.of(attention.in("v_proj"), Init.XAVIER, width, kvWidth, config.attentionBias())),
                        config.kvHeads());
            }

            KeyValues project(Ops ops, Tensor x_BTC, TimeEmbedding.@Nullable State time) {
                return TensorScope.scoped(() -> {
                    var mod = modulation.of(ops, time);
                    var parts = ops.linears(kv, ops.norm(norm, x_BTC, mod.scaleAttention(), mod.shiftAttention()));
                    return new KeyValues(ops.heads(parts.get(0), heads, kNorm, null), ops.heads(parts.get(1), heads, null, null));
                });
            }
        }
    }

    /// @param last whether no block comes behind it
    static DualStreamBlock of(DiTConfig config, int index, boolean last, Weights weights) {
        var own = weights.in("text");
        return new DualStreamBlock(index,
                last ? TextRows.KeysValues.of(config, own) : new TextRows.Whole(DiTBlock.of(config, new BlockText.Stream(), own)),
                DiTBlock.of(config, new BlockText.Stream(), weights.in("image")));
    }

    @Override
    public Streams forward(Ops ops, Streams in, TextKvCache cache, ImagePass pass) {
        var x_BTC = Objects.requireNonNull(in.text_BTC(), "there is no text stream");
        return TensorScope.scoped(() -> {
            var ofImage = image.modulation(ops, pass.time());
            return switch (text) {
                case TextRows.Whole(var block) -> {
                    var ofText = block.modulation(ops, pass.time());
                    var attended = TensorScope.scoped(() -> {
                        var imageRows = image.project(ops, in.image_BNC(), ofImage, pass.rotary());
                        var textRows = block.project(ops, x_BTC, ofText, null);
                        var all = ops.concat(textRows.keyValues(), gated(ops, imageRows, pass));
                        return new Streams(attended(ops, image, in.image_BNC(), imageRows.q_BHND(), all, ofImage, pass),
                                attended(ops, block, x_BTC, textRows.q_BHND(), all, ofText, pass));
                    });
                    yield new Streams(image.mlp(ops, attended.image_BNC(), ofImage),
                            block.mlp(ops, Objects.requireNonNull(attended.text_BTC()), ofText));
                }
                case TextRows.KeysValues rows -> {
                    var attended_BNC = TensorScope.scoped(() -> {
                        var imageRows = image.project(ops, in.image_BNC(), ofImage, pass.rotary());
                        var all = ops.concat(rows.project(ops, x_BTC, pass.time()), gated(ops, imageRows, pass));
                        return attended(ops, image, in.image_BNC(), imageRows.q_BHND(), all, ofImage, pass);
                    });
                    yield new Streams(image.mlp(ops, attended_BNC, ofImage), null);
                }
            };
        });
    }

    private KeyValues gated(Ops ops, DiTBlock.Projection imageRows, ImagePass pass) {
        return ops.gate(pass.gates().image(index), imageRows.keyValues());
    }

    /// x + g · post(W_o softmax(q Kᵀ / √D) V), for one stream's rows.
    private static Tensor attended(Ops ops, DiTBlock stream, Tensor x, Tensor q_BHND, KeyValues all, Modulation mod, ImagePass pass) {
        var scaling = ScoreScaling.plain(stream.config().headDim());
        return stream.attended(ops, x, ops.attention(q_BHND, all, scaling, pass.visibility().mask()), mod);
    }
}
