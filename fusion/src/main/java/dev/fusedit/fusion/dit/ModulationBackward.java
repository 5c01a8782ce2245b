package dev.fusedit.fusion.dit;

import dev.fusedit.nn.RmsNorm;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.fused.FusedSum;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What the noise level does to a block, in f32, and its gradient.
final class ModulationBackward {
    private static final int PARTS = 6;

    private final Norms.AdaLn input;
    private final TimeEmbedding.@Nullable State time;
    private final @Nullable Tensor[] gradients = new Tensor[PARTS];
    private final Modulation values;

    ModulationBackward(Norms.AdaLn input, TimeEmbedding.@Nullable State time) {
        this.input = input;
        this.time = time;
        var given = input.modulation(time);
        values = given == Modulation.NONE ? given : TensorScope.scoped(() -> {
            var all = Tensor.cat(1, given.tensors().toArray(Tensor[]::new)).to(DType.F32).transpose(0, 1).contiguous();
            return new Modulation(part(all, 0), part(all, 1), part(all, 2), part(all, 3), part(all, 4), part(all, 5));
        });
    }

    private static Tensor part(Tensor all_6BC, int index) { return all_6BC.select(0, index).unsqueeze(1); }

    /// Each (B, 1, C) and contiguous, or null.
    Modulation values() { return values; }

    /// @param scope the innermost one; its outer one gets the gradient
    /// @param index in the paper's order: shift, scale, gate of the attention, then of the MLP
    private void gradient(TensorScope scope, int index, Tensor part_B1C) { gradients[index] = scope.keep(part_B1C); }

    /// Of a shift and the scale after it.
    void gradients(TensorScope scope, int index, NormBackward.Gradient both) {
        if (both.shift() != null && both.scale() != null) {
            gradient(scope, index, both.shift());
            gradient(scope, index + 1, both.scale());
        }
    }

    /// Back from x + gate · post(out) to out.
    ///
    /// @param scope the innermost one; its outer one gets the gate's gradient
    /// @param gate one of the [#values], null for none
    /// @param post null for none
    /// @param change post(out)
    /// @param sum the gradient of the result; it is not changed, but may be what is returned
    Tensor gradOutput(TensorScope scope, int index, @Nullable Tensor gate, @Nullable RmsNorm post, Tensor out, Tensor change, Tensor sum) {
        if (gate == null && post == null) {
            return sum;
        }
        var gradOutput = gate == null ? sum.copy() : Tensor.empty(sum.dtype(), sum.shape());
        if (gate != null) {
            gradient(scope, index, FusedSum.backward(change, sum, gate, gradOutput));
        }
        if (post != null) {
            NormBackward.backwardInPlace(post, out, gradOutput);
        }
        return gradOutput;
    }

    /// Once all six are there.
    void backward() {
        if (values == Modulation.NONE) {
            return;
        }
        try (var _ = TensorScope.open()) {
            var state_BC = Objects.requireNonNull(time).modulation();
            var all_BX = Tensor.cat(-1, Arrays.stream(gradients).map(Objects::requireNonNull).toArray(Tensor[]::new)).flatten(0, 1);
            var typed_BX = all_BX.to(state_BC.dtype());
            if (input.table() != null && input.table().requiresGrad()) {
                Autograd.accumulate(input.table(), all_BX.sum(false, 0).to(input.table().dtype()));
            }
            if (input.zero() != null) {
                LinearBackward.accumulateGrad(input.zero(), state_BC, typed_BX);
            }
            if (state_BC.requiresGrad()) {
                Autograd.accumulate(state_BC, input.zero() == null ? typed_BX : typed_BX.matmul(input.zero().weight_OI()));
            }
        }
    }
}
