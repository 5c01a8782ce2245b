package dev.fusedit.fusion.vision;

import dev.fusedit.nn.ops.Count;
import java.util.stream.Stream;
import dev.fusedit.nn.Activation;
import dev.fusedit.nn.Heads;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.LayerNorm;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Attention;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// A layer of either side of CLIP: attention, then an MLP, both residual behind a norm.
record ClipLayer(int heads, LayerNorm norm1, Linear q, Linear k, Linear v, Linear out, LayerNorm norm2, Mlp mlp) {
    /// Which tokens a token attends to.
    sealed interface Sight {
        /// All, as those of an image do.
        record All() implements Sight {}

        /// Itself and those before it, as those of a text do.
        record Causal() implements Sight {}

        /// @param bias_B1TT minus infinity where a query must not look
        record Masked(Tensor bias_B1TT) implements Sight {}
    }

    static ClipLayer of(int width, int inner, int heads, double normEps, Activation activation, Init init, Weights weights) {
        var attention = weights.in("self_attn");
        return new ClipLayer(heads, LayerNorm.of(weights.in("layer_norm1"), width, normEps),
                Linear.of(attention.in("q_proj"), init, width, width, true), Linear.of(attention.in("k_proj"), init, width, width, true),
                Linear.of(attention.in("v_proj"), init, width, width, true), Linear.of(attention.in("out_proj"), init, width, width, true),
                LayerNorm.of(weights.in("layer_norm2"), width, normEps), Mlp.of(weights.in("mlp"), init, width, inner, activation));
    }

    /// The layer's matmuls with its weights.
    Stream<Count.Matmul> matmuls(long tokens) {
        return Stream.of(q, k, v, out, mlp.fc1(), mlp.fc2()).map(linear -> Count.of(tokens, linear.weight_OI()));
    }

    Tensor forward(Tensor x_BTC, Sight sight) {
        return TensorScope.scoped(() -> {
            var x = x_BTC.add(attended(norm1.apply(x_BTC), sight));
            return x.add(mlp.apply(norm2.apply(x)));
        });
    }

    private Tensor attended(Tensor x_BTC, Sight sight) {
        return TensorScope.scoped(() -> {
            Tensor q_BHTD = Heads.split(q.apply(x_BTC), heads), k_BHTD = Heads.split(k.apply(x_BTC), heads),
                    v_BHTD = Heads.split(v.apply(x_BTC), heads);
            return out.apply(Heads.merge(switch (sight) {
                case Sight.All() -> Attention.attend(q_BHTD, k_BHTD, v_BHTD, null);
                case Sight.Causal() -> Attention.causal(q_BHTD, k_BHTD, v_BHTD);
                case Sight.Masked(var bias_B1TT) ->
                        Attention.masked(q_BHTD, k_BHTD, v_BHTD, bias_B1TT, 1 / Math.sqrt(q_BHTD.size(-1)));
            }));
        });
    }
}
