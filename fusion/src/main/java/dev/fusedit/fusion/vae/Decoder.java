package dev.fusedit.fusion.vae;

import dev.fusedit.nn.Conv2d;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.GroupNorm;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Latents to image.
record Decoder(Conv2d in, MidBlock mid, List<Level> levels, GroupNorm normOut, Conv2d out) {
    static Decoder of(Weights weights, AutoencoderConfig config) {
        int innermost = config.innermostChannels(), outermost = config.blockChannels().getFirst();
        return new Decoder(Conv2d.same(weights.in("conv_in"), config.latentChannels(), innermost),
                MidBlock.of(weights.in("mid_block"), config),
                IntStream.range(0, config.levels()).mapToObj(i -> Level.of(weights.in("up_blocks." + i), config, config.levels() - 1 - i))
                        .toList(),
                GroupNorm.of(weights.in("conv_norm_out"), config.normGroups(), outermost, ResidualBlock.EPS),
                Conv2d.same(weights.in("conv_out"), outermost, config.outChannels()));
    }

    Tensor apply(Tensor latents_BCHW, ForwardHooks hooks) {
        try (var scope = TensorScope.open()) {
            var stages = new Stages(latents_BCHW, hooks);
            stages.then("conv_in", in::apply);
            stages.then("mid_block", mid::apply);
            for (int i = 0; i < levels.size(); i++) {
                stages.then("blocks." + i, levels.get(i)::apply);
            }
            return scope.keep(stages.finish(normOut, out));
        }
    }

    /// Residual blocks, then twice the sides.
    record Level(List<ResidualBlock> blocks, @Nullable Conv2d twice) {
        /// @param level its number going down: 0 is the largest and the last one here
        static Level of(Weights weights, AutoencoderConfig config, int level) {
            int in = config.blockChannels().get(Math.min(level + 1, config.levels() - 1)), out = config.blockChannels().get(level);
            return new Level(IntStream.rangeClosed(0, config.layersPerBlock())
                    .mapToObj(i -> ResidualBlock.of(weights.in("resnets." + i), config.normGroups(), i == 0 ? in : out, out)).toList(),
                    level == 0 ? null : Conv2d.same(weights.in("upsamplers.0.conv"), out, out));
        }

        Tensor apply(Tensor x_BCHW) {
            return TensorScope.scoped(() -> {
                var x = x_BCHW;
                for (var block : blocks) {
                    x = block.apply(x);
                }
                return twice == null ? x : twice.apply(x.upsampleNearest2d(2 * x.size(2), 2 * x.size(3)));
            });
        }
    }
}
