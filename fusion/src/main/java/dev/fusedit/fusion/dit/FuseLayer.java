package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.DecoderLayer;
import dev.fusedit.fusion.llm.ScoreScaling;
import dev.fusedit.fusion.llm.TextPass;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import dev.fusedit.torch.TensorScope;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Where the two streams meet (paper, section 3). Text is causal and never sees the image, so it runs once a caption; the image sees
/// all of the text and all of itself.
///
/// Notable: unless [AttentionScoring] says otherwise, scores are scaled by 1/√D, and nothing is soft-capped or windowed, whatever the
/// language model's family does alone.
///
/// @param index its place in the image side, from 0
/// @param text the language model's layer, null for a block that reads no text
public record FuseLayer(int index, @Nullable DecoderLayer text, DiTBlock image, Fusion fusion,
        AttentionScoring attention) {
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

    /// Keys and values of the text, and its next hidden states if `more` layers read them: the last layer's queries, MLP and
    /// later norms are not computed for nobody.
    static Text text(DecoderLayer layer, Fusion fusion, AttentionScoring attention, Tensor x_BTM, TextPass pass, boolean more) {
        return TensorScope.scoped(() -> {
            var rotary = pass.rotary(layer);
            var normed = layer.input().apply(x_BTM);
            var plain = layer.keyValues(normed);
            var rotated = new KeyValues(rotary.apply(plain.keys()), plain.values());
            var shared = switch (fusion) {
                case Fusion.JointSelfAttention() -> rotated;
                case Fusion.CrossAttention() -> plain; // cross-attention reads no positions
            };
            if (!more) {
                return new Text(null, pass.spread(shared));
            }
            var seen = pass.gate(layer).apply(rotated);
            var out = attention.mask(layer, pass).attend(rotary.apply(layer.queries(normed)), seen, attention.scaling(layer.config()));
            return new Text(layer.finish(x_BTM, out), pass.spread(shared));
        });
    }

    /// The image's next hidden states.
    ///
    /// @param shared the text's keys and values for this layer, null for a plain block
    Tensor image(Tensor x_BNC, @Nullable KeyValues shared, ImagePass pass) {
        return TensorScope.scoped(() -> {
            var mod = image.modulation(pass.time());
            return image.mlp(attended(x_BNC, shared, pass, mod), mod);
        });
    }

    /// The image after its attention.
    Tensor attended(Tensor x_BNC, @Nullable KeyValues shared, ImagePass pass, Modulation mod) {
        return TensorScope.scoped(() -> {
            var projected = image.project(x_BNC, mod, pass.rotary());
            var own = pass.gates().image(index).apply(projected.keyValues());
            var keys = shared == null ? null : pass.gates().text(index).apply(shared);
            return switch (fusion) {
                case Fusion.JointSelfAttention() -> {
                    var all = keys == null ? own : keys.concat(own); // over L = T + N
                    yield image.attended(x_BNC,
                            scaling(keys).attend(projected.q_BHND(), all, keys == null ? null : pass.visibility().bias()),
                            mod);
                }
                case Fusion.CrossAttention() -> {
                    var after = image.attended(x_BNC, scaling(null).attend(projected.q_BHND(), own, null), mod);
                    yield keys == null || image.cross() == null ? after
                            : image.cross().apply(after, keys, scaling(keys), pass.visibility());
                }
            };
        });
    }

    /// An attention that reads no text is the image's own.
    ScoreScaling scaling(@Nullable KeyValues keys) {
        return text == null || keys == null ? ScoreScaling.plain(image.config().headDim()) : attention.scaling(text.config());
    }
}
