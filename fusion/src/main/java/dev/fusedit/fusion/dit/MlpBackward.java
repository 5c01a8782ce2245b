package dev.fusedit.fusion.dit;

import dev.fusedit.nn.JoinedLinear;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.fused.FusedGate;
import java.util.Objects;

/// A block's gated MLP: x + gate · post(down(act(gate_proj(n)) · up_proj(n))) with n = norm(x).
final class MlpBackward {
    private final DiTBlock block;
    private final ModulationBackward modulation;
    private final NormBackward norm;
    private final FusedGate activation;
    private final Tensor x_BNC;
    private final Tensor normed_BNC;
    private final JoinedLinear joined;
    private final Tensor gateUp_BNX;
    private final Tensor gate_BNI;
    private final Tensor up_BNI;
    private final Tensor down_BNC;
    private final Tensor change_BNC;

    /// @param owner of what is kept; x is another's
    MlpBackward(DiTBlock block, ModulationBackward modulation, Tensor x_BNC, TensorScope owner) {
        this.block = block;
        this.modulation = modulation;
        this.x_BNC = x_BNC;
        activation = Objects.requireNonNull(block.mlp().activation().fused());
        var values = modulation.values();
        norm = new NormBackward(block.preMlp() == null ? block.postAttention() : block.preMlp(), values.scaleMlp(), values.shiftMlp());
        normed_BNC = owner.hold(norm.forward(x_BNC));
        joined = Objects.requireNonNull(block.mlp().gateUp());
        gateUp_BNX = owner.hold(joined.apply(normed_BNC));
        gate_BNI = owner.hold(joined.part(gateUp_BNX, 0));
        up_BNI = owner.hold(joined.part(gateUp_BNX, 1));
        down_BNC = owner.hold(TensorScope.scoped(() -> block.mlp().down().apply(activation.forward(gate_BNI, up_BNI))));
        change_BNC = block.postMlp() == null ? down_BNC : owner.hold(block.postMlp().apply(down_BNC));
    }

    Tensor result() { return Modulation.add(x_BNC, change_BNC, modulation.values().gateMlp()); }

    /// @param sum_BNC the result's gradient, becomes that of x
    void backward(Tensor sum_BNC) {
        try (var scope = TensorScope.open()) {
            var gradOutput = modulation.gradOutput(scope, 5, modulation.values().gateMlp(), block.postMlp(), down_BNC, change_BNC, sum_BNC);
            modulation.gradients(scope, 3, norm.backward(x_BNC, inner(gradOutput), sum_BNC));
        }
    }

    private Tensor inner(Tensor gradOutput_BNC) {
        return TensorScope.scoped(() -> {
            var mlp = block.mlp();
            var inner_BNI = gradOutput_BNC.matmul(mlp.down().weight_OI());
            activation.backwardInPlace(gate_BNI, up_BNI, inner_BNI); // inner is the output again, gate and up are their gradients
            LinearBackward.accumulateGrad(mlp.down(), inner_BNI, gradOutput_BNC);
            inner_BNI.free();
            return LinearBackward.backward(joined, normed_BNC, gateUp_BNX);
        });
    }
}
