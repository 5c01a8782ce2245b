package dev.fusedit.fusion.dit;

import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The norms that the noise level acts on.
final class Norms {
    private Norms() {}

    /// A block's first norm, and where its modulation comes from.
    ///
    /// @param zero with adaln-zero, else null
    /// @param table with adaln-single, else null
    record AdaLn(RmsNorm norm, @Nullable Linear zero, @Nullable Tensor table) {
        static AdaLn of(DiTConfig config, Weights block) {
            int width = config.width();
            var norm = block.in("input_layernorm");
            return switch (config.time()) {
                case TimeConditioning.AdaLnZero() -> new AdaLn(RmsNorm.of(norm.in("norm"), width, config.normEps()),
                        Linear.of(norm.in("linear"), Init.ZEROS, width, 6L * width, true), null);
                case TimeConditioning.AdaLnSingle() -> new AdaLn(RmsNorm.of(norm, width, config.normEps()), null,
                        block.get("scale_shift_table", Init.normal(1 / Math.sqrt(width)), 6L * width));
                case TimeConditioning.Addition(),TimeConditioning.None() ->
                        new AdaLn(RmsNorm.of(norm, width, config.normEps()), null, null);
            };
        }

        Modulation modulation(TimeEmbedding.@Nullable State time) {
            if (zero != null) {
                return TensorScope.scoped(() -> Modulation.of(zero.apply(Objects.requireNonNull(time).modulation())));
            }
            if (table != null) {
                return TensorScope.scoped(() -> {
                    var all = Objects.requireNonNull(time).modulation();
                    return Modulation.of(table.to(all.dtype()).add(all));
                });
            }
            return Modulation.NONE;
        }
    }

    /// The last norm and the way back to pixels.
    ///
    /// Notable: adaln-zero's linear layer gives (scale, shift), adaln-single's table (shift, scale), to which the time embedding is
    /// added twice, without SiLU.
    record Final(RmsNorm norm, @Nullable Linear zero, @Nullable Tensor table, Linear proj) {
        static Final of(DiTConfig config, Weights weights) {
            int width = config.width();
            var norm = weights.in("norm_out");
            var zero = config.time() instanceof TimeConditioning.AdaLnZero;
            var table = config.time() instanceof TimeConditioning.AdaLnSingle
                    ? weights.get("scale_shift_table", Init.normal(1 / Math.sqrt(width)), 2L * width)
                    : null;
            return new Final(
                    RmsNorm.of(zero ? norm.in("norm") : norm, width, config.normEps()),
                    zero ? Linear.of(norm.in("linear"), Init.ZEROS, width, 2L * width, true) : null,
                    table,
                    Linear.of(weights.in("proj_out"), Init.ZEROS, width, (long) config.patch() * config.patch() * config.outChannels(),
                            true));
        }

        Tensor normed(Tensor x_BNC, TimeEmbedding.@Nullable State time) {
            return TensorScope.scoped(() -> {
                if (zero == null) {
                    return norm.apply(x_BNC);
                }
                var parts = zero.apply(Objects.requireNonNull(time).modulation()).unsqueeze(1).chunk(2, -1);
                return norm.modulated(x_BNC, parts[0], parts[1]);
            });
        }

        Tensor project(Tensor normed_BNC, TimeEmbedding.@Nullable State time) {
            return TensorScope.scoped(() -> {
                if (table == null) {
                    return proj.apply(normed_BNC);
                }
                var time_BC = Objects.requireNonNull(time).time_BC();
                var parts = table.to(time_BC.dtype()).add(time_BC.repeat(1, 2)).unsqueeze(1).chunk(2, -1);
                return proj.apply(normed_BNC.mul(parts[1].add(1)).add(parts[0]));
            });
        }
    }
}
