package dev.fusedit.fusion.config;

import static com.google.common.base.Preconditions.checkArgument;

/// What a number may be, by what it counts or measures: one place for recipes, the command line, models' files and the library. A number
/// is checked where it enters, so that what is computed of it neither overflows nor becomes 0, infinite or NaN in f32.
///
/// Sizes are far above those of any published model, and their products fit a `long`.
public enum Bound {
    /// Pixels (or latents, or patches) along a side of an image.
    SIDE(1, 1 << 26),
    /// Of an image; three bytes each fit an array.
    PIXELS(1, 1 << 29),
    /// Numbers in a row of a layer's input, output or hidden state; a vocabulary has no more either.
    WIDTH(1, 1 << 20),
    /// Layers, blocks, and what is counted in them.
    LAYERS(1, 1 << 12),
    /// Heads of an attention.
    HEADS(1, 1 << 12),
    /// Of a text.
    TOKENS(1, 1 << 20),
    /// Of an image, or of all images of a batch.
    IMAGE_TOKENS(1, 1 << 28),
    /// Channels of an image or of latents.
    CHANNELS(1, 1 << 12),
    /// Samples computed together or one after another for one step.
    BATCH(1, 1 << 20),
    /// Optimizer steps.
    STEPS(1, 1_000_000_000),
    /// Images, prompts and other things that a run makes or reads.
    COUNT(1, 1_000_000_000),
    /// Images of one `sample`.
    IMAGES(1, 10_000_000),
    /// Noise levels from noise to image: in f32, neighbours among more of them are hardly apart.
    SOLVER_STEPS(1, 100_000),
    /// Threads.
    THREADS(1, 1024),
    /// Scale of classifier-free guidance: a network's rounding errors grow with it.
    GUIDANCE(1, 1000),
    /// How far noise levels are moved: beyond, all of them are 0 or 1 in f32.
    SHIFT(1e-4, 1e4),
    /// A factor, a rate, a deviation: more than 0 in f32 and its square root finite.
    POSITIVE(Float.MIN_NORMAL, 1e30),
    /// Passes over the data.
    EPOCHS(1e-9, 1e9),
    /// Minutes: 10,000 years.
    MINUTES(1e-9, 5.3e9);

    private final double least;
    private final double most;

    Bound(double least, double most) {
        this.least = least;
        this.most = most;
    }

    /// @param key that the message begins with
    /// @return the number
    /// @throws IllegalArgumentException if it lies outside
    public int check(String key, int value) {
        require(key, value, Integer.toString(value));
        return value;
    }

    /// As [#check(String, int)]; NaN lies outside.
    public double check(String key, double value) {
        require(key, value, Double.toString(value));
        return value;
    }

    /// As [#check(String, int)], of a product of sizes.
    public long check(String key, long value) {
        require(key, value, Long.toString(value));
        return value;
    }

    /// As [#check(String, int)], with 0.
    public int checkOrNone(String key, int value) {
        checkArgument(value >= 0, "%s must not be negative, but is %s", key, value);
        return value == 0 ? 0 : check(key, value);
    }

    /// As [#check(String, double)], with 0.
    public double checkOrNone(String key, double value) {
        checkArgument(value >= 0, "%s must not be negative, but is %s", key, value);
        return value == 0 ? 0 : check(key, value);
    }

    private void require(String key, double value, String written) {
        checkArgument(value >= least || value > 0 || least >= 1, "%s must be more than 0, but is %s", key, written);
        checkArgument(value >= least, "%s must be at least %s, but is %s", key, text(least), written);
        checkArgument(value <= most, "%s must be at most %s, but is %s", key, text(most), written);
    }

    private static String text(double bound) { return bound == Math.rint(bound) && bound < 1e12 ? Long.toString((long) bound) : Double.toString(bound); }

    /// Whether a number can enter at all: as f32 it is neither infinite nor, unless it is 0, lost.
    public static boolean isMeaningful(double number) {
        return number == 0 || Math.abs(number) >= Float.MIN_NORMAL && Math.abs(number) <= Float.MAX_VALUE;
    }

    /// A share from 0 to below 1 that in f32 is below 1 too, and not 0 unless it is 0.
    public static double checkShare(String key, double share) {
        checkArgument(share >= 0 && share < 1, "%s must be from 0 to below 1, but is %s", key, share);
        checkArgument((float) share < 1, "%s must be below 1 in single precision too (at most 0.9999999), but is %s", key, share);
        checkArgument(isMeaningful(share), "%s must be 0 or at least %s, but is %s", key, Float.MIN_NORMAL, share);
        return share;
    }
}
