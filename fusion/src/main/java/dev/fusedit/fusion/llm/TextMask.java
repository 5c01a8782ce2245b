package dev.fusedit.fusion.llm;

import dev.fusedit.nn.AttentionMask;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// Which tokens a token of a batch of prompts sees among those before it.
final class TextMask {
    private TextMask() {}

    /// All real tokens before it; padding takes part only where the prompt asks for it.
    static AttentionMask of(Prompt prompt, DType dtype, Device device) {
        return prompt.padded() ? biased(prompt, Integer.MAX_VALUE, dtype, device) : new AttentionMask.Causal();
    }

    /// The last `window` positions, its own included.
    static AttentionMask windowed(Prompt prompt, int window, DType dtype, Device device) {
        var longest = java.util.Arrays.stream(prompt.positions_BT()).mapToLong(row -> row[row.length - 1]).max().orElse(0);
        return longest < window ? of(prompt, dtype, device) : biased(prompt, window, dtype, device);
    }

    private static AttentionMask biased(Prompt prompt, int window, DType dtype, Device device) {
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
        return new AttentionMask.Biased(
                TensorScope.scoped(() -> Tensor.of(bias, batch, 1, tokens, tokens).clamp(lowest(dtype), 0).to(dtype).to(device)));
    }

    private static double lowest(DType dtype) { return dtype == DType.F16 ? -65504 : -3.3e38; }
}
