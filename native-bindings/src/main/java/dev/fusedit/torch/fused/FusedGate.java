package dev.fusedit.torch.fused;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.internal.abi.ReadSection;
import dev.fusedit.torch.internal.vector.GateRows;

/// act(gate) · up (Shazeer 2020, arXiv 2002.05202), for activations x · σ(linear · x + cubic · x³), computed in f32.
///
/// @param linear 1 for SiLU
/// @param cubic 0 for SiLU
public record FusedGate(double linear, double cubic) {
    /// x · σ(x)
    public static final FusedGate SILU = new FusedGate(1, 0);
    /// 0.5 · x · (1 + tanh(z)) is x · σ(2 z).
    public static final FusedGate GELU_TANH = new FusedGate(2 * Math.sqrt(2 / Math.PI), 2 * Math.sqrt(2 / Math.PI) * 0.044715);
    /// x · σ(1.702 x)
    public static final FusedGate QUICK_GELU = new FusedGate(1.702, 0);

    /// @return of gate's shape and dtype
    public Tensor forward(Tensor gate, Tensor up) {
        return Fused.kernel(() -> {
            long width = gate.size(-1);
            var out = Fused.like(gate);
            GateRows.forward(Fused.rows(Fused.laidOut(gate), width), Fused.rows(Fused.laidOut(up), width), (float) linear, (float) cubic,
                    Fused.rows(out, width));
            return out;
        });
    }

    /// In place: gate and up become their own gradients, and `gradOutput`, the gradient of the output, becomes the output.
    public void backwardInPlace(Tensor gate, Tensor up, Tensor gradOutput) {
        long width = gate.size(-1);
        try (var _ = ReadSection.enter()) {
            GateRows.backward(Fused.rows(gate, width), Fused.rows(up, width), (float) linear, (float) cubic, Fused.rows(gradOutput, width));
        }
    }
}
