package dev.fusedit.fusion.llm;

import dev.fusedit.nn.KeysValues;
import dev.fusedit.torch.Attention;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.stream.Stream;

/// Which tokens a token sees among those before it.
public sealed interface TextMask extends Tensors {
    /// All of them.
    record Causal() implements TextMask {
        @Override
        public Stream<Tensor> tensors() { return Stream.empty(); }
    }

    /// What a bias leaves.
    ///
    /// @param bias (B or 1, 1, T, T)
    record Biased(Tensor bias) implements TextMask {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(bias); }
    }

    /// All real tokens before it; padding takes part only where the prompt asks for it.
    static TextMask of(Prompt prompt, DType dtype, Device device) {
        return prompt.padded() ? biased(prompt, Integer.MAX_VALUE, dtype, device) : new Causal();
    }

    /// The last `window` positions, its own included.
    static TextMask windowed(Prompt prompt, int window, DType dtype, Device device) {
        var longest = java.util.Arrays.stream(prompt.positions_BT()).mapToLong(row -> row[row.length - 1]).max().orElse(0);
        return longest < window ? of(prompt, dtype, device) : biased(prompt, window, dtype, device);
    }

    private static TextMask biased(Prompt prompt, int window, DType dtype, Device device) {
        int batch = prompt.batch(), tokens = prompt.tokens();
        var bias = new float[batch * tokens * tokens];
        for (int b = 0; b < batch; b++) {
            var positions = prompt.positions_BT()[b];
            for (int q = 0; q < tokens; q++) {
                for (int k = 0; k < tokens; k++) {
                    var seen = k <= q && positions[q] - positions[k] < window && (k < prompt.lengths_B()[b] || k == q && !prompt.padded());
                    bias[(b * tokens + q) * tokens + k] = seen ? 0 : -Float.MAX_VALUE; // finite: a row with nothing left is even, not NaN
                }
            }
        }
        return new Biased(TensorScope.scoped(() -> Tensor.of(bias, batch, 1, tokens, tokens).clamp(lowest(dtype), 0).to(dtype).to(device)));
    }

    private static double lowest(DType dtype) { return dtype == DType.F16 ? -65504 : -3.3e38; }

    /// Attention of text over itself.
    default Tensor attend(Tensor q_BHTD, KeysValues own, Scores scores) {
        var scale = scores.scale();
        if (scores.cap() > 0) {
            return TensorScope.scoped(() -> Attention.capped(q_BHTD, own.keys(), own.values(), bias(q_BHTD), scale, scores.cap()));
        }
        return switch (this) {
            case Causal() -> Attention.causal(q_BHTD, own.keys(), own.values(), scale);
            case Biased(var bias) -> Attention.masked(q_BHTD, own.keys(), own.values(), bias, scale);
        };
    }

    private Tensor bias(Tensor q_BHTD) {
        return switch (this) {
            case Causal() -> Tensor.full(Double.NEGATIVE_INFINITY, q_BHTD.dtype(), q_BHTD.size(2), q_BHTD.size(2)).triu(1)
                    .to(q_BHTD.device());
            case Biased(var bias) -> bias;
        };
    }
}
