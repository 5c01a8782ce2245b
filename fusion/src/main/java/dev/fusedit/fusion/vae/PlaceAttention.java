package dev.fusedit.fusion.vae;

import dev.fusedit.nn.GroupNorm;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Attention;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// Attention of every place of a picture to every place, one head as wide as the channels; residual.
record PlaceAttention(GroupNorm norm, Linear q, Linear k, Linear v, Linear out) {
    static PlaceAttention of(Weights weights, int groups, int channels) {
        return new PlaceAttention(GroupNorm.of(weights.in("group_norm"), groups, channels, ResidualBlock.EPS),
                linear(weights, "to_q", channels), linear(weights, "to_k", channels), linear(weights, "to_v", channels),
                linear(weights, "to_out.0", channels));
    }

    private static Linear linear(Weights weights, String name, int channels) {
        return Linear.of(weights.in(name), Init.XAVIER, channels, channels, true);
    }

    Tensor apply(Tensor x_BCHW) {
        return TensorScope.scoped(() -> {
            var places_BNC = norm.apply(x_BCHW).flatten(2, 3).transpose(1, 2);
            var attended_B1NC = Attention.attend(head(q, places_BNC), head(k, places_BNC), head(v, places_BNC), null);
            return x_BCHW.add(out.apply(attended_B1NC.squeeze(1)).transpose(1, 2).reshape(x_BCHW.shape()));
        });
    }

    private static Tensor head(Linear projection, Tensor places_BNC) { return projection.apply(places_BNC).unsqueeze(1); }
}
