package dev.fusedit.fusion.vae;

import dev.fusedit.torch.Tensor;

/// What the numbers that diffusion works on are of an image: an autoencoder's latents, or its pixels.
public sealed interface LatentSpace permits AutoencoderKL, Pixels {
    /// Channels of the latents.
    int channels();

    /// Pixels along a side of one latent.
    int factor();

    /// Images (B, 3, H, W) of latents as diffusion sees them. Values may be beyond [-1, 1].
    Tensor images(Tensor latents_BCHW);
}
