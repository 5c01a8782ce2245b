package dev.fusedit.fusion.llm;

import dev.fusedit.nn.Init;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.Rotation;
import dev.fusedit.nn.Taps;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// A language model of the Gemma form (Gemma Team 2024, arXiv 2403.08295 and 2408.00118).
///
/// Notable: embeddings are scaled by √M, norms multiply by 1 + weight, heads may be wider than M / H, logits use the embedding table.
public record GemmaModel(GemmaConfig config, Tensor embedding_VM, List<GemmaLayer> layers, RmsNorm norm) {
    public static GemmaModel of(GemmaConfig config, Weights weights) {
        var embedding = weights.in("embed_tokens").get("weight", new Init.NormalButRow(config.initRange(), config.padId()),
                config.vocabulary(), config.hidden());
        var layers = IntStream.range(0, config.layers()).mapToObj(i -> GemmaLayer.of(config, i, weights.in("layers." + i))).toList();
        return new GemmaModel(config, embedding, layers, RmsNorm.of(weights.in("norm"), config.hidden(), config.normEps()));
    }

    /// Token embeddings times √M, that factor rounded to the embeddings' dtype.
    public Tensor embed(Prompt prompt) {
        return TensorScope.scoped(() -> {
            var dtype = embedding_VM.dtype();
            var factor = Tensor.scalar(Math.sqrt(config.hidden()), DType.F32).to(dtype).item();
            return embedding_VM.embedding(prompt.ids(embedding_VM.device())).mul(factor);
        });
    }

    /// Rotary positions of a prompt's tokens.
    public Rotation rotation(Prompt prompt, Device device) {
        var same = IntStream.range(0, prompt.batch())
                .allMatch(b -> java.util.Arrays.equals(prompt.positions_BT()[b], prompt.positions_BT()[0]));
        var frequencies = Rotation.frequencies(config.headDim(), config.ropeTheta());
        int rows = same ? 1 : prompt.batch(), width = config.headDim();
        var angles = new float[rows * prompt.tokens() * width];
        for (int i = 0; i < angles.length; i++) {
            var place = i / width;
            angles[i] = prompt.positions_BT()[place / prompt.tokens()][place % prompt.tokens()] * frequencies[i % frequencies.length];
        }
        return Rotation.of(angles, rows, prompt.tokens(), width, device);
    }

    /// Hidden states after the last layer and the final norm, (B, T, M).
    public Tensor forward(Prompt prompt) { return forward(prompt, Taps.NONE); }

    public Tensor forward(Prompt prompt, Taps taps) {
        return TensorScope.scoped(() -> {
            var x = embed(prompt);
            var turn = rotation(prompt, x.device()).as(x.dtype());
            taps.see("llm.in", x);
            for (var layer : layers) {
                x = layer.forward(x, turn, prompt);
                taps.see("llm.layer." + layer.index(), x);
            }
            return norm.apply(x);
        });
    }

    /// Every layer's input, then the final normed state: M + 1 tensors of (B, T, M) for M layers, as transformers counts them.
    public List<Tensor> hiddenStates(Prompt prompt) {
        var states = new ArrayList<Tensor>();
        var x = embed(prompt);
        states.add(x);
        try (var scope = TensorScope.open()) {
            var turn = rotation(prompt, x.device()).as(x.dtype());
            for (var layer : layers) {
                x = scope.keep(layer.forward(x, turn, prompt));
                states.add(x);
            }
            states.set(states.size() - 1, scope.keep(norm.apply(x)));
        }
        return states;
    }

    /// Scores of the next token by normed hidden states, (…, V).
    public Tensor logits(Tensor hidden) { return hidden.linear(embedding_VM, null); }
}
