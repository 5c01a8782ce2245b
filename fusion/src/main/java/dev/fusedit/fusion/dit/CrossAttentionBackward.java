package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.ScoreScaling;
import dev.fusedit.nn.GradientGate;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.fused.FusedSum;

/// A block's attention over the text alone: x + post(o(attention(x))).
final class CrossAttentionBackward {
    private final CrossAttention cross;
    private final KeyValues text;
    private final TextVisibility visibility;
    private final GradientGate gate;
    private final HeadsBackward queries;
    private final Tensor x_BNC;
    private final AttentionBackward attention;
    private final Tensor merged_BNX;
    private final Tensor out_BNC;

    /// @param gate what of the gradients passes into the text
    /// @param owner of what is kept; x and the text are others'
    CrossAttentionBackward(CrossAttention cross, KeyValues text, ScoreScaling scaling, TextVisibility visibility, GradientGate gate,
            Tensor x_BNC, TensorScope owner) {
        this.cross = cross;
        this.text = text;
        this.visibility = visibility;
        this.gate = gate;
        this.x_BNC = x_BNC;
        queries = HeadsBackward.of(owner.hold(cross.q().apply(x_BNC)), cross.heads(), cross.qNorm(), null, owner);
        attention = AttentionBackward.of(queries.heads(), text, scaling, visibility.bias(), owner);
        merged_BNX = owner.hold(attention.merged());
        out_BNC = owner.hold(cross.o().apply(merged_BNX));
    }

    Tensor result() {
        return TensorScope.scoped(() -> x_BNC.add(visibility.read(cross.postNorm() == null ? out_BNC : cross.postNorm().apply(out_BNC))));
    }

    /// @param sum_BNC the result's gradient, becomes that of x
    void backward(Tensor sum_BNC) {
        try (var _ = TensorScope.open()) {
            var gradOutput = visibility.read(sum_BNC);
            if (cross.postNorm() != null) {
                gradOutput = gradOutput == sum_BNC ? sum_BNC.copy() : gradOutput;
                NormBackward.backwardInPlace(cross.postNorm(), out_BNC, gradOutput);
            }
            var heads = attention.backward(LinearBackward.backward(cross.o(), merged_BNX, gradOutput));
            AttentionBackward.accumulateGrad(text, heads.all(), gate);
            var change_BNX = Tensor.empty(x_BNC.dtype(), queries.plain_BNX().shape());
            queries.backward(heads.queries(), change_BNX);
            FusedSum.add(sum_BNC, LinearBackward.backward(cross.q(), x_BNC, change_BNX));
        }
    }
}
