package dev.fusedit.fusion.flow;

import dev.fusedit.fusion.config.Doc;

/// What a noise level's loss is multiplied by: how much it counts, beside how often it is drawn.
public sealed interface LossWeighting {
    /// 1
    record Uniform() implements LossWeighting {}

    /// 1 / σ²
    @Doc("sigma^-2")
    record SigmaSqrt() implements LossWeighting {}

    /// 2 / (π (1 − 2σ + 2σ²))
    @Doc("2 / (pi (1 - 2 sigma + 2 sigma^2))")
    record Cosmap() implements LossWeighting {}

    default double weight(double sigma) {
        return switch (this) {
            case Uniform() -> 1;
            case SigmaSqrt() -> 1 / (sigma * sigma);
            case Cosmap() -> 2 / (Math.PI * (1 - 2 * sigma + 2 * sigma * sigma));
        };
    }
}
