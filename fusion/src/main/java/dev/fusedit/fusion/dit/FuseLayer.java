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
/// What the noise level does not act on (γ, β, g), and norms that a configuration lacks (post, those of heads), fall away.
///
/// Notable: unless [AttentionScoring] says otherwise, scores are scaled by 1/√D, and nothing is soft-capped or windowed, whatever the
/// language model's family does alone.
///
/// @param index its place in the image side, from 0
/// @param text the language model's layer, null for a block that reads no text or makes keys and values of it itself
public record FuseLayer(int index, @Nullable DecoderLayer text, DiTBlock image, Fusion fusion, AttentionScoring scoring) {
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
            var q = made.q_BHND();
            var own = ops.gate(pass.gates().image(index), made.keyValues());
            if (shared == null) {
                return image.attended(ops, x_BNC, ops.attention(q, own, plain(), AttentionMask.ALL), mod);
            }
            var text = ops.gate(pass.gates().text(index), shared);
            return switch (image.reading()) {
                case TextAttention.Joint() ->
                        image.attended(ops, x_BNC, ops.attention(q, ops.concat(text, own), ofText(), pass.visibility().mask()), mod);
                case TextAttention.Cross(var cross) -> {
                    var x = image.attended(ops, x_BNC, ops.attention(q, own, plain(), AttentionMask.ALL), mod);
                    var queries = ops.heads(ops.linear(cross.q(), x), cross.heads(), cross.qNorm(), null);
                    var out = ops.linear(cross.o(), ops.attention(queries, text, ofText(), pass.visibility().mask()));
                    yield ops.add(x, cross.postNorm() == null ? out : ops.norm(cross.postNorm(), out), pass.visibility().reads_B1C());
                }
            };
        });
    }

    /// An attention that reads no text is the image's own.
    private ScoreScaling plain() { return ScoreScaling.plain(image.config().headDim()); }

    private ScoreScaling ofText() { return text == null ? plain() : scoring.scaling(text.config()); }
}
