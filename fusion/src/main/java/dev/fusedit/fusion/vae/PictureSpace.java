package dev.fusedit.fusion.vae;

import dev.fusedit.torch.Tensor;

/// What the numbers that diffusion works on are of a picture: an autoencoder's latents, or its pixels.
public sealed interface PictureSpace permits AutoencoderKL, Pixels {
    /// Channels of the latents.
    int channels();

    /// Pixels along a side of one latent.
    int factor();

    /// Pictures (B, 3, H, W) of latents as diffusion sees them. Values may be beyond [-1, 1].
    Tensor pictures(Tensor latents_BCHW);
}
