package dev.fusedit.fusion.llm;

import dev.fusedit.nn.KeyValues;
import dev.fusedit.torch.Attention;
import dev.fusedit.torch.Buckets;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Which tokens a token sees among those before it.
public sealed interface TextMask extends Tensors {
    /// All of them.
    record Causal() implements TextMask {
        @Override
        public Stream<Tensor> tensors() { return Stream.empty(); }
    }

    /// All of them of its own prompt, where prompts lie one behind the other in one row ([Prompt#packed]). Padding behind the last one gets zeros.
    ///
    /// A prompt's attention is computed for its length rounded up ([Buckets]), over what happens to follow: a causal row never meets what comes
    /// after it, and rows behind the prompt's own are dropped.
    ///
    /// @param lengths of the prompts
    record Packed(List<Integer> lengths) implements TextMask {
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
    default Tensor attend(Tensor q_BHTD, KeyValues own, ScoreScaling scaling) {
        return switch (this) {
            case Causal() -> scaling.softcap() > 0 ? softcapped(q_BHTD, own, triangle(q_BHTD), scaling)
                    : Attention.causal(q_BHTD, own.keys(), own.values(), scaling.scale());
            case Biased(var bias) -> scaling.softcap() > 0 ? softcapped(q_BHTD, own, bias, scaling)
                    : Attention.masked(q_BHTD, own.keys(), own.values(), bias, scaling.scale());
            case Packed(var lengths) -> each(lengths, q_BHTD, own, scaling);
        };
    }

    private static Tensor softcapped(Tensor q_BHTD, KeyValues own, Tensor bias, ScoreScaling scaling) {
        return TensorScope.scoped(() -> Attention.softcapped(q_BHTD, own.keys(), own.values(), bias, scaling.scale(), scaling.softcap()));
    }

    private static Tensor triangle(Tensor q_BHTD) {
        return Tensor.full(Double.NEGATIVE_INFINITY, q_BHTD.dtype(), q_BHTD.size(2), q_BHTD.size(2)).triu(1).to(q_BHTD.device());
    }

    private static Tensor each(List<Integer> lengths, Tensor q_BHTD, KeyValues own, ScoreScaling scaling) {
        return TensorScope.scoped(() -> {
            var outs = new ArrayList<Tensor>();
            int first = 0;
            for (int length : lengths) {
                if (length > 0) {
                    int rows = Buckets.up(length, q_BHTD);
                    outs.add(new Causal().attend(q_BHTD.narrow(2, first, rows), own.narrow(first, rows), scaling).narrow(2, 0, length));
                }
                first += length;
            }
            if (first < q_BHTD.size(2)) {
                outs.add(Tensor.zeros(q_BHTD.dtype(), q_BHTD.device(), 1, q_BHTD.size(1), q_BHTD.size(2) - first, own.values().size(3)));
            }
            return Tensor.cat(2, outs);
        });
    }
}
