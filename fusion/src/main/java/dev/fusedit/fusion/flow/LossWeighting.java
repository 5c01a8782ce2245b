package dev.fusedit.fusion.flow;

/// What a noise level's loss is multiplied by.
public enum LossWeighting {
    NONE {
        @Override public double weight(double sigma) { return 1; }
    },
    /// 1 / σ²
    SIGMA_SQRT {
        @Override public double weight(double sigma) { return 1 / (sigma * sigma); }
    },
    /// 2 / (π (1 − 2σ + 2σ²))
    COSMAP {
        @Override public double weight(double sigma) { return 2 / (Math.PI * (1 - 2 * sigma + 2 * sigma * sigma)); }
    };

    public abstract double weight(double sigma);
}
