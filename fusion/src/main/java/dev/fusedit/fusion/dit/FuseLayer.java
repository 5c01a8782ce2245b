package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.DecoderLayer;
import dev.fusedit.fusion.llm.TextPass;
import dev.fusedit.nn.AttentionMask;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.ScoreScaling;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import dev.fusedit.torch.TensorScope;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Where the two streams meet (paper, section 3): a layer of the language model beside a block of the image side. Text is causal and never sees the
/// image, so it runs once a caption ([DecoderLayer]); the image sees all of the text and all of itself:
///
///     γ₁, β₁, g₁, γ₂, β₂, g₂ ← modulation(t)
///     n ← norm(x) · (1 + γ₁) + β₁
///     q, k, v ← W_q n, W_k n, W_v n;  q, k normed over each head and rotated by the image's positions
///     x ← x + g₁ · post(W_o softmax(q [K; k]ᵀ / √D) [V; v])                        joint: K, V the text's keys and values in its layer
///     n ← norm(x) · (1 + γ₂) + β₂
///     x ← x + g₂ · post(W_down (act(W_gate n) · W_up n))
///
/// With cross-attention the image's own attention reads k, v alone, and before the MLP comes
///
///     x ← x + post(W'_o softmax((W'_q x) Kᵀ / √D) V)
///
/// With gated joint attention each has a softmax of its own, and every head a share of the text, α = 0 at first:
///
///     x ← x + g₁ · post(W_o (softmax(q kᵀ / √D) v + tanh(α) · softmax(q Kᵀ / √D) V))
///
/// What the noise level does not act on (γ, β, g), and norms that a configuration lacks (post, those of heads), fall away.
///
/// Notable: unless [AttentionScoring] says otherwise, scores are scaled by 1/√D, and nothing is soft-capped or windowed, whatever the
/// language model's family does alone.
///
/// @param index its place in the image side, from 0
/// @param text the language model's layer, null for a block that reads no text or makes keys and values of it itself
public record FuseLayer(int index, @Nullable DecoderLayer text, DiTBlock image, Fusion fusion, AttentionScoring scoring)
        implements ImageBlock {
    /// What a layer makes of the text.
    ///
    /// @param x_BTM the next layer's input; null where nothing reads it
    /// @param shared what the image reads
    public record Text(@Nullable Tensor x_BTM, KeyValues shared) implements TensorRecord<Text> {
        @Override
        public Stream<Tensor> tensors() { return Stream.concat(Stream.ofNullable(x_BTM), shared.tensors()); }

        @Override
        public Text replaced(UnaryOperator<Tensor> each) {
            return new Text(x_BTM == null ? null : each.apply(x_BTM), shared.replaced(each));
        }
    }

    /// The language model's layer, and what the image reads of it.
    ///
    /// @param more whether somebody reads the text's next hidden states
    Text text(Ops ops, Tensor x_BTM, TextPass pass, boolean more) {
        return TensorScope.scoped(() -> {
            var layer = Objects.requireNonNull(text);
            var out = layer.forward(ops, x_BTM, pass, scoring.mask(layer, pass), scoring.scaling(layer.config()), more);
            return new Text(out.x_BTM(), pass.spread(ops, fusion.shared(out)));
        });
    }

    @Override
    public Streams forward(Ops ops, Streams in, TextKvCache text, ImagePass pass) {
        return new Streams(image(ops, in.image_BNC(), text.blocks().get(index), pass), null);
    }

    /// The image's next hidden states.
    ///
    /// @param shared the text's keys and values for this layer, (B, K, T, D) each; null for a plain block
    /// @return (B, N, C)
    Tensor image(Ops ops, Tensor x_BNC, @Nullable KeyValues shared, ImagePass pass) {
        return TensorScope.scoped(() -> {
            var mod = image.modulation(ops, pass.time());
            return image.mlp(ops, attended(ops, x_BNC, shared, pass, mod), mod);
        });
    }

    private Tensor attended(Ops ops, Tensor x_BNC, @Nullable KeyValues shared, ImagePass pass, Modulation mod) {
        return TensorScope.scoped(() -> {
            var made = image.project(ops, x_BNC, mod, pass.rotary());
            var own = ops.gate(pass.gates().image(index), made.keyValues());
            if (shared == null) {
                return image.attended(ops, x_BNC, alone(ops, made.q_BHND(), own), mod);
            }
            var text = ops.gate(pass.gates().text(index), shared);
            var visibility = pass.visibility();
            return switch (image.reading()) {
                case TextAttention.Joint() -> image.attended(ops, x_BNC, joint(ops, made.q_BHND(), own, text, visibility), mod);
                case TextAttention.Cross(var cross) ->
                        cross(ops, cross, image.attended(ops, x_BNC, alone(ops, made.q_BHND(), own), mod), text, visibility);
                case TextAttention.GatedJoint(var gate_H) ->
                        image.attended(ops, x_BNC, gatedJoint(ops, gate_H, made.q_BHND(), own, text, visibility), mod);
            };
        });
    }

    /// softmax(q kᵀ / √D) v.
    private Tensor alone(Ops ops, Tensor q_BHND, KeyValues own) {
        return ops.attention(q_BHND, own, ScoreScaling.plain(image.config().headDim()), AttentionMask.ALL);
    }

    /// softmax(q [K; k]ᵀ / √D) [V; v].
    private Tensor joint(Ops ops, Tensor q_BHND, KeyValues own, KeyValues text, TextVisibility visibility) {
        return ops.attention(q_BHND, ops.concat(text, own), ofText(), visibility.mask());
    }

    /// x + post(W_o softmax((W_q x) Kᵀ / √D) V).
    private Tensor cross(Ops ops, CrossAttention cross, Tensor x_BNC, KeyValues text, TextVisibility visibility) {
        var q_BHND = ops.heads(ops.linear(cross.q(), x_BNC), cross.heads(), cross.qNorm(), null);
        var out = ops.linear(cross.o(), ops.attention(q_BHND, text, ofText(), visibility.mask()));
        return ops.add(x_BNC, cross.postNorm() == null ? out : ops.norm(cross.postNorm(), out), visibility.reads_B11());
    }

    /// softmax(q kᵀ / √D) v + tanh(α) · softmax(q Kᵀ / √D) V.
    private Tensor gatedJoint(Ops ops, Tensor gate_H, Tensor q_BHND, KeyValues own, KeyValues text, TextVisibility visibility) {
        var reads_B11 = visibility.reads_B11();
        var share_B1X = ops.map(gate_H, gate -> {
            var share = gate.tanh().repeatInterleave(image.config().headDim(), 0).view(1, 1, -1);
            return reads_B11 == null ? share : share.mul(reads_B11.to(share.dtype()));
        });
        return ops.add(alone(ops, q_BHND, own), ops.attention(q_BHND, text, ofText(), visibility.mask()), share_B1X);
    }

    private ScoreScaling ofText() { return text == null ? ScoreScaling.plain(image.config().headDim()) : scoring.scaling(text.config()); }
}
