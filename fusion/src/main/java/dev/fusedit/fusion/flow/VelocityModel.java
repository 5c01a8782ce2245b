package dev.fusedit.fusion.flow;

import dev.fusedit.torch.Tensor;

/// A model of noisy images with its text already bound to it.
@FunctionalInterface
public interface VelocityModel {
    /// @param noisy (B, channels, height, width)
    /// @param timesteps_B 0 to 1000
    Tensor predict(Tensor noisy, Tensor timesteps_B);
}
