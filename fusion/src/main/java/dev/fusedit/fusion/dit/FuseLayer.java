package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.DecoderLayer;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.llm.Scores;
import dev.fusedit.fusion.llm.TextPass;
import dev.fusedit.nn.KeysValues;
import dev.fusedit.nn.Rotation.Turn;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Where the two streams meet (paper, section 3). Text is causal and never sees the image, so it runs once a caption; the image sees
/// all of the text and all of itself.
///
/// Notable: unless [FusedAttention] says otherwise, scores are scaled by 1/√D, and nothing is capped or windowed, whatever the language
/// model's family does alone.
///
/// @param text the language model's layer, null for a block that reads no text
public record FuseLayer(@Nullable DecoderLayer text, DiTBlock image, Fusion fusion, FusedAttention attention) {
    /// What a layer makes of the text.
    ///
    /// @param x_BTM the next layer's input; null where nothing reads it
    /// @param shared what the image reads
    public record Text(@Nullable Tensor x_BTM, KeysValues shared) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return Stream.concat(Stream.ofNullable(x_BTM), shared.tensors()); }
    }

    /// Keys and values of the text, and its next hidden states if `more` layers read them: the last layer's queries, MLP and
    /// later norms are not computed for nobody.
    static Text text(DecoderLayer layer, Fusion fusion, FusedAttention attention, Tensor x_BTM, TextPass pass, boolean more) {
        return TensorScope.scoped(() -> {
            var turn = pass.turn(layer);
            var normed = layer.input().apply(x_BTM);
            var plain = layer.keysValues(normed);
            var turned = new KeysValues(turn.apply(plain.keys()), plain.values());
            var shared = switch (fusion) {
                case Fusion.JointSelfAttention() -> turned;
                case Fusion.CrossAttention() -> plain; // cross-attention reads no positions
            };
            if (!more) {
                return new Text(null, shared);
            }
            var out = attention.mask(layer, pass).attend(turn.apply(layer.queries(normed)), turned, attention.scores(layer.config()));
            return new Text(layer.finish(x_BTM, out), shared);
        });
    }

    /// The image's next hidden states.
    ///
    /// @param keys the text's keys and values for this layer, null for a plain block
    /// @param biases for keys that are padding
    Tensor image(Tensor x_BNC, @Nullable KeysValues keys, TimeEmbedding.@Nullable State time, @Nullable Turn turn, Biases biases) {
        return TensorScope.scoped(() -> {
            var mod = image.modulation(time);
            var own = image.project(x_BNC, mod, turn);
            var x = switch (fusion) {
                case Fusion.JointSelfAttention() -> {
                    var all = keys == null ? own.keysValues() : keys.concat(own.keysValues()); // over L = T + N
                    yield image.attended(x_BNC,
                            scores(keys).attend(own.q_BHND(), all, keys == null ? null : biases.joint()), mod);
                }
                case Fusion.CrossAttention() -> {
                    var alone = scores(null).attend(own.q_BHND(), own.keysValues(), null);
                    var after = image.attended(x_BNC, alone, mod);
                    yield keys == null || image.cross() == null ? after : image.cross().apply(after, keys, scores(keys), biases.text());
                }
            };
            return image.mlp(x, mod);
        });
    }

    /// An attention that reads no text is the image's own.
    private Scores scores(@Nullable KeysValues keys) {
        return text == null || keys == null ? Scores.plain(image.config().headDim()) : attention.scores(text.config());
    }

    /// What takes padding away, null where there is none.
    ///
    /// @param joint (B, 1, 1, T + N)
    /// @param text (B, 1, 1, T)
    record Biases(@Nullable Tensor joint, @Nullable Tensor text) {
        static Biases of(Fusion fusion, Prompt prompt, Tensor x_BNC) {
            return switch (fusion) {
                case Fusion.JointSelfAttention() -> new Biases(prompt.keyBias((int) x_BNC.size(1), x_BNC.dtype(), x_BNC.device()), null);
                case Fusion.CrossAttention() -> new Biases(null, prompt.keyBias(0, x_BNC.dtype(), x_BNC.device()));
            };
        }
    }
}
