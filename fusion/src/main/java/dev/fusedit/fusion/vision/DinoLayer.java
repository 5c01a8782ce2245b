package dev.fusedit.fusion.vision;

import dev.fusedit.nn.Activation;
import dev.fusedit.nn.Heads;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.LayerNorm;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Attention;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// Attention of all to all, then an MLP, both behind a norm, scaled channel by channel, and residual.
record DinoLayer(int heads, LayerNorm norm1, Linear q, Linear k, Linear v, Linear out, Tensor scale1_C, LayerNorm norm2, Inner mlp,
        Tensor scale2_C) {
    static DinoLayer of(DinoConfig config, Init init, Weights weights) {
        var attention = weights.in("attention.attention");
        int width = config.hidden();
        return new DinoLayer(config.heads(), LayerNorm.of(weights.in("norm1"), width, config.normEps()),
                Linear.of(attention.in("query"), init, width, width, config.qkvBias()),
                Linear.of(attention.in("key"), init, width, width, config.qkvBias()),
                Linear.of(attention.in("value"), init, width, width, config.qkvBias()),
                Linear.of(weights.in("attention.output.dense"), init, width, width, true),
                weights.in("layer_scale1").get("lambda1", Init.ONES, width),
                LayerNorm.of(weights.in("norm2"), width, config.normEps()), inner(config, init, weights.in("mlp")),
                weights.in("layer_scale2").get("lambda1", Init.ONES, width));
    }

    @FunctionalInterface
    interface Inner {
        Tensor apply(Tensor x);
    }

    private static Inner inner(DinoConfig config, Init init, Weights weights) {
        return config.gated() ? Gated.of(weights, init, config.hidden(), config.inner())::apply
                : Mlp.of(weights, init, config.hidden(), config.inner(), Activation.GELU)::apply;
    }

    /// out(silu(a) · b), where a and b are the halves of in(x).
    private record Gated(Linear in, Linear out) {
        static Gated of(Weights weights, Init init, int width, int inner) {
            return new Gated(Linear.of(weights.in("weights_in"), init, width, 2L * inner, true),
                    Linear.of(weights.in("weights_out"), init, inner, width, true));
        }

        Tensor apply(Tensor x) {
            return TensorScope.scoped(() -> {
                var halves = in.apply(x).chunk(2, -1);
                return out.apply(halves[0].silu().mul(halves[1]));
            });
        }
    }

    Tensor forward(Tensor x_BNC) {
        return TensorScope.scoped(() -> {
            var x = x_BNC.add(attended(norm1.apply(x_BNC)).mul(scale1_C.to(x_BNC.dtype())));
            return x.add(mlp.apply(norm2.apply(x)).mul(scale2_C.to(x.dtype())));
        });
    }

    private Tensor attended(Tensor x_BNC) {
        return TensorScope.scoped(() -> out.apply(Heads.merge(Attention.attend(Heads.split(q.apply(x_BNC), heads),
                Heads.split(k.apply(x_BNC), heads), Heads.split(v.apply(x_BNC), heads), null))));
    }
}
