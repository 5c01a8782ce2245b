package dev.fusedit.fusion.flow;

import dev.fusedit.torch.Tensor;

/// Noise that the steps of a stochastic solver add, beside what images begin with.
@FunctionalInterface
public interface FreshNoise {
    /// For solvers that add none.
    FreshNoise NONE = _ -> {
        throw new IllegalArgumentException("a stochastic solver needs fresh noise for each step");
    };

    /// @param step that adds it, from 0 on
    /// @return standard normal, of the latents' shape, dtype and device; the innermost scope's
    Tensor at(int step);
}
