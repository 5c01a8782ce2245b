package dev.fusedit.fusion.vae;

import dev.fusedit.nn.ops.Count;
import java.util.stream.Stream;
import dev.fusedit.nn.Conv2d;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.GroupNorm;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Image to the moments of its latents.
record Encoder(Conv2d in, List<Level> levels, MidBlock mid, GroupNorm normOut, Conv2d out) {
    static Encoder of(Weights weights, AutoencoderConfig config) {
        var channels = config.innermostChannels();
        return new Encoder(Conv2d.same(weights.in("conv_in"), config.inChannels(), config.blockChannels().getFirst()),
                IntStream.range(0, config.levels()).mapToObj(i -> Level.of(weights.in("down_blocks." + i), config, i)).toList(),
                MidBlock.of(weights.in("mid_block"), config),
                GroupNorm.of(weights.in("conv_norm_out"), config.normGroups(), channels, ResidualBlock.EPS),
                Conv2d.same(weights.in("conv_out"), channels, 2 * config.latentChannels()));
    }

    /// The matmuls of an image.
    Stream<Count.Matmul> matmuls(long height, long width) {
        var all = Stream.<Count.Matmul>builder();
        all.add(Count.of(height * width, in.weight_OISS()));
        long down = height, across = width;
        for (var level : levels) {
            long places = down * across;
            level.blocks.forEach(block -> block.matmuls(places).forEach(all::add));
            if (level.half != null) {
                down /= 2;
                across /= 2;
                all.add(Count.of(down * across, level.half.weight_OISS()));
            }
        }
        mid.matmuls(down * across).forEach(all::add);
        return all.add(Count.of(down * across, out.weight_OISS())).build();
    }

    Tensor apply(Tensor image_BCHW, ForwardHooks hooks) {
        try (var scope = TensorScope.open()) {
            var stages = new Stages(image_BCHW, hooks);
            stages.then("conv_in", in::apply);
            for (int i = 0; i < levels.size(); i++) {
                stages.then("blocks." + i, levels.get(i)::apply);
            }
            stages.then("mid_block", mid::apply);
            return scope.keep(stages.finish(normOut, out));
        }
    }

    /// Residual blocks, then half the sides.
    record Level(List<ResidualBlock> blocks, @Nullable Conv2d half) {
        static Level of(Weights weights, AutoencoderConfig config, int level) {
            int in = config.channelsBefore(level), out = config.blockChannels().get(level);
            return new Level(IntStream.range(0, config.layersPerBlock())
                    .mapToObj(i -> ResidualBlock.of(weights.in("resnets." + i), config.normGroups(), i == 0 ? in : out, out)).toList(),
                    level == config.levels() - 1 ? null : Conv2d.of(weights.in("downsamplers.0.conv"), out, out, 3, 2, 0));
        }

        Tensor apply(Tensor x_BCHW) {
            return TensorScope.scoped(() -> {
                var x = x_BCHW;
                for (var block : blocks) {
                    x = block.apply(x);
                }
                // padded on the right and at the bottom only: an odd side's last pixel is dropped
                return half == null ? x : half.apply(x.pad(0, 0, 1, 0, 1));
            });
        }
    }
}
