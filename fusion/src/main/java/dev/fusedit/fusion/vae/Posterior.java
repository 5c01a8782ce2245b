package dev.fusedit.fusion.vae;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.stream.Stream;

/// What the encoder says of an image's latents: independent normal distributions (Kingma and Welling 2013).
///
/// @param mean_BCHW the likeliest latents
/// @param logvar_BCHW logarithms of the variances, within -30 to 20
public record Posterior(Tensor mean_BCHW, Tensor logvar_BCHW) implements Tensors {
    private static final double LEAST = -30, MOST = 20;

    /// @param moments_BCHW means, then logarithms of variances, along the channels
    public static Posterior of(Tensor moments_BCHW) {
        return TensorScope.scoped(() -> {
            var halves = moments_BCHW.chunk(2, 1);
            return new Posterior(halves[0].contiguous(), halves[1].clamp(LEAST, MOST));
        });
    }

    @Override
    public Stream<Tensor> tensors() { return Stream.of(mean_BCHW, logvar_BCHW); }

    /// mean + deviation · noise
    ///
    /// @param noise_BCHW standard normal
    public Tensor sample(Tensor noise_BCHW) { return TensorScope.scoped(() -> mean_BCHW.add(logvar_BCHW.mul(0.5).exp().mul(noise_BCHW))); }
}
