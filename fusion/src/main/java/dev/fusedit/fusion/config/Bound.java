package dev.fusedit.fusion.config;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import org.jspecify.annotations.Nullable;

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
    /// Patches along a side of a table of positions.
    TABLE(1, 1 << 14),
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
    /// A place in f32 numbers of noise levels: a mean of their logits, the scale of their density's tails.
    LEVELS(1e-4, 100),
    /// How far noise levels are moved: beyond, all of them are 0 or 1 in f32.
    SHIFT(1e-4, 1e4),
    /// A factor, a rate, a deviation: more than 0 in f32 and its square root finite.
    POSITIVE(Float.MIN_NORMAL, 1e30),
    /// A deviation of weights or of noise levels, a factor of gradients or cosines: its square is a number in f32, and not 0.
    DEVIATION(1e-18, 1e18),
    /// Passes over the data.
    EPOCHS(1e-9, 1e9),
    /// Ten years at most.
    MINUTES(1e-6, 5_256_000);

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

    /// As [#check(String, int)], where a number may be left out.
    public void check(String key, @Nullable Integer value) {
        if (value != null) check(key, value.intValue());
    }

    /// As [#check(String, double)], where a number may be left out.
    public void check(String key, @Nullable Double value) {
        if (value != null) check(key, value.doubleValue());
    }

    /// As [#check(String, int)], of a product of sizes.
    public long check(String key, long value) {
        require(key, value, Long.toString(value));
        return value;
    }

    /// As [#check(String, int)], with 0.
    public int checkOrNone(String key, int value) {
        if (value < 0) checkArgument(false, "%s must not be negative, but is %s", key, value);
        else if (value != 0) check(key, value);
        return value;
    }

    /// As [#check(String, double)], with 0.
    public double checkOrNone(String key, double value) {
        if (value < 0) checkArgument(false, "%s must not be negative, but is %s", key, value);
        else if (value != 0) check(key, value);
        return value;
    }

    /// The largest number.
    public long most() { return (long) most; }

    private void require(String key, double value, String written) {
        if (value <= 0 && least < 1) {
            checkArgument(false, "%s must be more than 0, but is %s", key, written);
        } else if (!(value >= least)) {
            checkArgument(false, "%s must be at least %s, but is %s", key, text(least), written);
        } else {
            checkArgument(value <= most, "%s must be at most %s, but is %s", key, text(most), written);
        }
    }

    private static String text(double bound) { return bound == Math.rint(bound) && bound < 1e12 ? Long.toString((long) bound) : Double.toString(bound); }

    /// Whether a number can enter at all: as f32 it is neither infinite nor, unless it is 0, lost.
    public static boolean isMeaningful(double number) {
        return number == 0 || Math.abs(number) >= Float.MIN_NORMAL && Math.abs(number) <= Float.MAX_VALUE;
    }

    /// A share from 0 to below 1 that in f32 is below 1 too, and not 0 unless it is 0.
    public static double checkShare(String key, double share) {
        if (!(share >= 0 && share < 1)) {
            checkArgument(false, "%s must be from 0 to below 1, but is %s", key, share);
        } else if ((float) share >= 1) {
            checkArgument(false, "%s must be below 1 in single precision too (at most 0.9999999), but is %s", key, share);
        } else {
            checkArgument(isMeaningful(share), "%s must be 0 or at least %s, but is %s", key, Float.MIN_NORMAL, share);
        }
        return share;
    }
}
