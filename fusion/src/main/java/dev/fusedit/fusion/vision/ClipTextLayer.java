package dev.fusedit.fusion.vision;

import dev.fusedit.nn.ops.Count;
import java.util.stream.Stream;
import dev.fusedit.nn.Heads;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.LayerNorm;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Attention;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.jspecify.annotations.Nullable;

/// Attention over the tokens before, then an MLP, both residual behind a norm.
record ClipTextLayer(int heads, LayerNorm norm1, Linear q, Linear k, Linear v, Linear out, LayerNorm norm2, Mlp mlp) {
    static ClipTextLayer of(ClipTextConfig config, Init init, Weights weights) {
        var attention = weights.in("self_attn");
        int width = config.hidden();
        return new ClipTextLayer(config.heads(), LayerNorm.of(weights.in("layer_norm1"), width, config.normEps()),
                Linear.of(attention.in("q_proj"), init, width, width, true), Linear.of(attention.in("k_proj"), init, width, width, true),
                Linear.of(attention.in("v_proj"), init, width, width, true), Linear.of(attention.in("out_proj"), init, width, width, true),
                LayerNorm.of(weights.in("layer_norm2"), width, config.normEps()),
                Mlp.of(weights.in("mlp"), init, width, config.intermediate(), config.activation()));
    }

    /// The layer's matmuls with its weights.
    Stream<Count.Matmul> matmuls(long tokens) {
        return Stream.of(q, k, v, out, mlp.fc1(), mlp.fc2()).map(linear -> Count.of(tokens, linear.weight_OI()));
    }

    /// @param bias_B1TT minus infinity where a query must not look; null for the causal rule alone
    Tensor forward(Tensor x_BTC, @Nullable Tensor bias_B1TT) {
        return TensorScope.scoped(() -> {
            var x = x_BTC.add(attended(norm1.apply(x_BTC), bias_B1TT));
            return x.add(mlp.apply(norm2.apply(x)));
        });
    }

    private Tensor attended(Tensor x_BTC, @Nullable Tensor bias_B1TT) {
        return TensorScope.scoped(() -> {
            Tensor q_BHTD = Heads.split(q.apply(x_BTC), heads), k_BHTD = Heads.split(k.apply(x_BTC), heads),
                    v_BHTD = Heads.split(v.apply(x_BTC), heads);
            return out.apply(Heads.merge(bias_B1TT == null ? Attention.causal(q_BHTD, k_BHTD, v_BHTD)
                    : Attention.masked(q_BHTD, k_BHTD, v_BHTD, bias_B1TT, 1 / Math.sqrt(q_BHTD.size(-1)))));
        });
    }
}
