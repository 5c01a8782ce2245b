package dev.fusedit.fusion.flow;

import static com.google.common.base.Preconditions.checkArgument;

/// Noise levels σ above `low` and up to `high`, between 0, the image, and 1, noise alone.
public record NoiseRange(double low, double high) {
    public static final NoiseRange WHOLE = new NoiseRange(0, 1);

    public NoiseRange {
        checkArgument(isOne(low, high), "a range of noise levels has 0 <= low < high <= 1, got %s to %s", low, high);
    }

    public static boolean isOne(double low, double high) { return 0 <= low && low < high && high <= 1; }

    /// Levels are f32, and a bound means the level that it is written like.
    public boolean contains(float sigma) { return (float) low < sigma && sigma <= (float) high; }

    @Override
    public String toString() { return low + ".." + high; }
}
