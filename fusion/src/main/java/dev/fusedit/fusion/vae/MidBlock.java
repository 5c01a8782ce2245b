package dev.fusedit.fusion.vae;

import dev.fusedit.nn.ops.Count;
import java.util.stream.Stream;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.jspecify.annotations.Nullable;

/// The smallest level: two residual blocks, attention between them.
record MidBlock(ResidualBlock first, @Nullable SpatialAttention attention, ResidualBlock last) {
    static MidBlock of(Weights weights, AutoencoderConfig config) {
        int groups = config.normGroups(), channels = config.innermostChannels();
        return new MidBlock(ResidualBlock.of(weights.in("resnets.0"), groups, channels, channels),
                config.midAttention() ? SpatialAttention.of(weights.in("attentions.0"), groups, channels) : null,
                ResidualBlock.of(weights.in("resnets.1"), groups, channels, channels));
    }

    /// @param places of an image
    Stream<Count.Matmul> matmuls(long places) {
        var blocks = Stream.concat(first.matmuls(places), last.matmuls(places));
        return attention == null ? blocks : Stream.concat(blocks, attention.matmuls(places));
    }

    Tensor apply(Tensor x_BCHW) {
        return TensorScope.scoped(() -> {
            var x = first.apply(x_BCHW);
            return last.apply(attention == null ? x : attention.apply(x));
        });
    }
}
