package dev.fusedit.fusion.vae;

import dev.fusedit.nn.ops.Count;
import java.util.Objects;
import java.util.stream.Stream;
import dev.fusedit.nn.Conv2d;
import dev.fusedit.nn.GroupNorm;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.jspecify.annotations.Nullable;

/// x + conv(silu(norm(conv(silu(norm(x)))))).
///
/// @param shortcut brings x to the block's channels where they change
record ResidualBlock(GroupNorm norm1, Conv2d conv1, GroupNorm norm2, Conv2d conv2, @Nullable Conv2d shortcut) {
    static final double EPS = 1e-6;

    static ResidualBlock of(Weights weights, int groups, int in, int out) {
        return new ResidualBlock(
                GroupNorm.of(weights.in("norm1"), groups, in, EPS), Conv2d.same(weights.in("conv1"), in, out),
                GroupNorm.of(weights.in("norm2"), groups, out, EPS), Conv2d.same(weights.in("conv2"), out, out),
                in == out ? null : Conv2d.pointwise(weights.in("conv_shortcut"), in, out));
    }

    /// @param places of an image
    Stream<Count.Matmul> matmuls(long places) {
        return Stream.of(conv1, conv2, shortcut).filter(Objects::nonNull)
                .map(conv -> Count.of(places, Objects.requireNonNull(conv).weight_OISS()));
    }

    Tensor apply(Tensor x_BCHW) {
        return TensorScope.scoped(() -> {
            var inner = half(norm2, conv2, half(norm1, conv1, x_BCHW));
            return (shortcut == null ? x_BCHW : shortcut.apply(x_BCHW)).add(inner);
        });
    }

    /// In scopes of their own: images are large, and the normed one is not needed beside the activated one.
    private static Tensor half(GroupNorm norm, Conv2d conv, Tensor x) {
        return TensorScope.scoped(() -> conv.apply(TensorScope.scoped(() -> norm.apply(x).silu())));
    }
}
