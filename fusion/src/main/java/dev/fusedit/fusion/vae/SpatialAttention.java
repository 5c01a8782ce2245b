package dev.fusedit.fusion.vae;

import dev.fusedit.nn.ops.Count;
import java.util.stream.Stream;
import dev.fusedit.nn.GroupNorm;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Attention;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// Spatial self-attention: every position of an image attends to every position, with one head as wide as the channels; residual.
record SpatialAttention(GroupNorm norm, Linear q, Linear k, Linear v, Linear out) {
    static SpatialAttention of(Weights weights, int groups, int channels) {
        return new SpatialAttention(GroupNorm.of(weights.in("group_norm"), groups, channels, ResidualBlock.EPS),
                linear(weights, "to_q", channels), linear(weights, "to_k", channels), linear(weights, "to_v", channels),
                linear(weights, "to_out.0", channels));
    }

    private static Linear linear(Weights weights, String name, int channels) {
        return Linear.of(weights.in(name), Init.XAVIER, channels, channels, true);
    }

    /// @param places of an image
    Stream<Count.Matmul> matmuls(long places) {
        double width = q.weight_OI().size(0);
        return Stream.concat(Stream.of(q, k, v, out).map(linear -> Count.of(places, linear.weight_OI())),
                Stream.of(new Count.Matmul(places, width, places, 1), new Count.Matmul(places, places, width, 1)));
    }

    Tensor apply(Tensor x_BCHW) {
        return TensorScope.scoped(() -> {
            var positions_BNC = norm.apply(x_BCHW).flatten(2, 3).transpose(1, 2);
            var attended_B1NC = Attention.attend(head(q, positions_BNC), head(k, positions_BNC), head(v, positions_BNC), null);
            return x_BCHW.add(out.apply(attended_B1NC.squeeze(1)).transpose(1, 2).reshape(x_BCHW.shape()));
        });
    }

    private static Tensor head(Linear projection, Tensor positions_BNC) { return projection.apply(positions_BNC).unsqueeze(1); }
}
