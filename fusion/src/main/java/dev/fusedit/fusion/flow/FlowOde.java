package dev.fusedit.fusion.flow;

import dev.fusedit.torch.Tensor;

/// The way from noise to images as a differential equation, dx/dσ = v(x, σ), over a row of noise levels (Lipman et al. 2023,
/// arXiv 2210.02747). On it x = (1 − σ) image + σ noise and v = noise − image, so that at each level the image seen is x − σ v.
///
/// @param sigmas levels, the end last: 0, or 1 where they are inverted and both directions with them
/// @param fresh noise for solvers that leave the way and add some
record FlowOde(float[] sigmas, Field field, FreshNoise fresh) {
    /// The right side of the equation.
    @FunctionalInterface
    interface Field {
        /// @param level its index
        Tensor velocity(Tensor x, int level);
    }

    int steps() { return sigmas.length - 1; }

    boolean isLast(int step) { return step == steps() - 1; }

    Tensor velocity(Tensor x, int level) { return field.velocity(x, level); }

    /// A straight line to the next level.
    Tensor along(Tensor x, Tensor velocity, int step) { return FlowSampler.step(x, velocity, sigmas[step], sigmas[step + 1]); }

    /// A straight line to the end.
    Tensor image(Tensor x, Tensor velocity, int level) { return FlowSampler.step(x, velocity, sigmas[level], sigmas[steps()]); }

    /// How many times a step's own way the whole way is, from where it began to the end; infinite for a step that goes nowhere.
    double reach(int step) { return (sigmas[steps()] - sigmas[step]) / (double) (sigmas[step + 1] - sigmas[step]); }

    /// The noise's share, from 1 to 0.
    double noise(int level) { return Math.abs((double) sigmas[level] - sigmas[steps()]); }

    /// λ = log((1 − σ) / σ), half the logarithm of the signal-to-noise ratio: −∞ at noise alone, ∞ at the image.
    double lambda(int level) { return Math.log((1 - noise(level)) / noise(level)); }
}
