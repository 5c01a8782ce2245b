package dev.fusedit.trainer.eval.metrics;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.node.ObjectNode;

/// So many of so many, with Wilson's 95 % interval (Wilson 1927), which stays honest near 0 and 1 where the usual one has no width.
public record Share(int accepted, int n) {
    private static final double Z = 1.959964;

    public Share {
        checkArgument(accepted >= 0 && accepted <= n, "%s of %s", accepted, n);
    }

    public double rate() { return n == 0 ? 0 : (double) accepted / n; }

    public double low() { return n == 0 ? 0 : Math.max(0, centre() - half()); }

    public double high() { return n == 0 ? 1 : Math.min(1, centre() + half()); }

    private double centre() { return (rate() + Z * Z / (2 * n)) / (1 + Z * Z / n); }

    private double half() { return Z * Math.sqrt(rate() * (1 - rate()) / n + Z * Z / (4.0 * n * n)) / (1 + Z * Z / n); }

    /// `{"value", "interval": [low, high], "n"}`.
    public ObjectNode toJson() { return estimate().toJson(); }

    public Estimate estimate() { return new Estimate(rate(), low(), high(), n); }
}
