package dev.fusedit.fusion.vae;

import dev.fusedit.torch.Tensor;

/// Models without an autoencoder: latents are red, green and blue in [-1, 1].
public record Pixels() implements LatentSpace {
    @Override
    public int channels() { return 3; }

    @Override
    public int factor() { return 1; }

    @Override
    public Tensor images(Tensor latents_BCHW) { return latents_BCHW; }
}
