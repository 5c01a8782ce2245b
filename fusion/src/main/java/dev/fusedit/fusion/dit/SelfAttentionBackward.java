package dev.fusedit.fusion.dit;

import dev.fusedit.nn.GradientGate;
import dev.fusedit.nn.Heads;
import dev.fusedit.nn.JoinedLinear;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A block's attention over the image and, if the two share one, over the text: x + gate · post(o(attention(norm(x)))).
final class SelfAttentionBackward {
    private final DiTBlock block;
    private final @Nullable KeyValues text;
    private final ModulationBackward modulation;
    private final NormBackward norm;
    private final JoinedLinear joined;
    private final HeadsBackward queries;
    private final HeadsBackward keys;
    private final Tensor x_BNC;
    private final Tensor normed_BNC;
    private final AttentionBackward attention;
    private final GradientGate gateOfText;
    private final GradientGate gateOfImage;
    private final Tensor merged_BNX;
    private final Tensor out_BNC;
    private final Tensor change_BNC;

    /// @param owner of what is kept; x and the text are others'
    SelfAttentionBackward(FuseLayer layer, @Nullable KeyValues shared, ImagePass pass, ModulationBackward modulation, Tensor x_BNC,
            TensorScope owner) {
        block = layer.image();
        text = layer.fusion() instanceof Fusion.JointSelfAttention ? shared : null;
        gateOfText = pass.gates().text(layer.index());
        gateOfImage = pass.gates().image(layer.index());
        this.modulation = modulation;
        this.x_BNC = x_BNC;
        var values = modulation.values();
        norm = new NormBackward(block.input().norm(), values.scaleAttention(), values.shiftAttention());
        normed_BNC = owner.hold(norm.forward(x_BNC));
        joined = Objects.requireNonNull(block.qkv());
        var plain_BNX = owner.hold(joined.apply(normed_BNC));
        queries = HeadsBackward.of(owner.hold(joined.part(plain_BNX, 0)), block.config().heads(), block.qNorm(), pass.rotary(), owner);
        keys = HeadsBackward.of(owner.hold(joined.part(plain_BNX, 1)), block.config().kvHeads(), block.kNorm(), pass.rotary(), owner);
        var own = new KeyValues(keys.heads(), Heads.split(joined.part(plain_BNX, 2), block.config().kvHeads()));
        attention = AttentionBackward.of(queries.heads(), text == null ? own : text.concat(own), layer.scaling(text),
                text == null ? null : pass.visibility().bias(), owner);
        merged_BNX = owner.hold(attention.merged());
        out_BNC = owner.hold(block.o().apply(merged_BNX));
        change_BNC = block.config().sandwichNorm() ? owner.hold(block.postAttention().apply(out_BNC)) : out_BNC;
    }

    Tensor result() { return Modulation.add(x_BNC, change_BNC, modulation.values().gateAttention()); }

    /// @param sum_BNC the result's gradient, becomes that of x
    void backward(Tensor sum_BNC) {
        try (var scope = TensorScope.open()) {
            var post = block.config().sandwichNorm() ? block.postAttention() : null;
            var gradOutput = modulation.gradOutput(scope, 2, modulation.values().gateAttention(), post, out_BNC, change_BNC, sum_BNC);
            var heads = attention.backward(LinearBackward.backward(block.o(), merged_BNX, gradOutput));
            modulation.gradients(scope, 0, norm.backward(x_BNC, projections(heads), sum_BNC));
        }
    }

    private Tensor projections(AttentionBackward.Gradient heads) {
        return TensorScope.scoped(() -> {
            long tokens = x_BNC.size(1), before = heads.all().keys().size(2) - tokens;
            AttentionBackward.accumulateGrad(text, heads.all().narrow(0, before), gateOfText);
            var own = gateOfImage.gradients(heads.all().narrow(before, tokens));
            var change_BNX = Tensor.empty(x_BNC.dtype(), x_BNC.size(0), tokens, joined.weight_XI().size(0));
            queries.backward(heads.queries(), joined.part(change_BNX, 0));
            if (own == null) {
                joined.part(change_BNX, 1).fillInPlace(0);
                joined.part(change_BNX, 2).fillInPlace(0);
                return LinearBackward.backward(joined, normed_BNC, change_BNX, 1);
            }
            keys.backward(own.keys(), joined.part(change_BNX, 1));
            joined.part(change_BNX, 2).copyInPlace(Heads.merge(own.values()));
            return LinearBackward.backward(joined, normed_BNC, change_BNX, joined.parts().size());
        });
    }
}
