package dev.fusedit.fusion.dit;

import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.nn.ops.Parts;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The last norm and the way back to pixels: proj(norm(x) · (1 + scale) + shift).
///
/// Notable: adaln-zero's linear layer gives (scale, shift), adaln-single's table (shift, scale), to which the time embedding is
/// added twice, without SiLU.
record FinalLayer(RmsNorm norm, Modulation modulation, Linear proj) {
    /// Where scale and shift come from.
    sealed interface Modulation {
        record Zero(Linear linear) implements Modulation {}

        record Single(Tensor table_X) implements Modulation {}

        record None() implements Modulation {}
    }

    static FinalLayer of(DiTConfig config, Weights weights) {
        long width = config.width();
        var norm = weights.in("norm_out");
        return switch (config.time()) {
            case TimeConditioning.AdaLnZero() -> {
                var own = RmsNorm.of(norm.in("norm"), width, config.normEps());
                yield new FinalLayer(own, new Modulation.Zero(Linear.of(norm.in("linear"), Init.ZEROS, width, 2 * width, true)),
                        proj(config, weights));
            }
            case TimeConditioning.AdaLnSingle() -> {
                var table = weights.get("scale_shift_table", Init.normal(1 / Math.sqrt(width)), 2 * width);
                yield new FinalLayer(RmsNorm.of(norm, width, config.normEps()), new Modulation.Single(table), proj(config, weights));
            }
            case TimeConditioning.Addition() -> plain(config, norm, weights);
            case TimeConditioning.None() -> plain(config, norm, weights);
        };
    }

    private static FinalLayer plain(DiTConfig config, Weights norm, Weights weights) {
        return new FinalLayer(RmsNorm.of(norm, config.width(), config.normEps()), new Modulation.None(), proj(config, weights));
    }

    private static Linear proj(DiTConfig config, Weights weights) {
        return Linear.of(weights.in("proj_out"), Init.ZEROS, config.width(), (long) config.patch() * config.patch() * config.outChannels(),
                true);
    }

    /// @param time null where the noise level is not told
    /// @return (B, N, patch² · channels)
    Tensor forward(Ops ops, Tensor x_BNC, TimeEmbedding.@Nullable State time, ForwardHooks hooks) {
        return TensorScope.scoped(() -> {
            var normed = switch (modulation) {
                case Modulation.Zero(var linear) -> {
                    var parts = ops.modulation(ops.linear(linear, Objects.requireNonNull(time).modulation()), null, 2);
                    yield ops.norm(norm, x_BNC, parts.get(0), parts.get(1));
                }
                case Modulation.Single(_) -> ops.norm(norm, x_BNC);
                case Modulation.None() -> ops.norm(norm, x_BNC);
            };
            hooks.see("norm_out", normed);
            var scaled = switch (modulation) {
                case Modulation.Zero(_) -> normed;
                case Modulation.Single(var table) ->
                        ops.map(Parts.of(normed, table, Objects.requireNonNull(time).time_BC()), FinalLayer::scaled);
                case Modulation.None() -> normed;
            };
            var out = ops.linear(proj, scaled);
            hooks.see("proj_out", out);
            return out;
        });
    }

    private static Tensor scaled(Parts of) {
        Tensor normed_BNC = of.list().get(0), table_X = of.list().get(1), time_BC = of.list().get(2);
        var parts = table_X.to(time_BC.dtype()).add(time_BC.repeat(1, 2)).unsqueeze(1).chunk(2, -1);
        return normed_BNC.mul(parts[1].add(1)).add(parts[0]);
    }
}
