package dev.fusedit.trainer.eval.blocks;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;

/// An image of 32 × 32 pixels above its ground.
///
/// @param above channel by channel, pixel by pixel, how far above the ground: `above[(y * 32 + x) * 3 + c]`
/// @param ground the median of each channel along the border
/// @param noise the standard deviation along the border, from the median deviation, 12 at most
record ImageAboveGround(double[] above, double[] ground, double noise) {
    static final int SIDE = 32;
    static final int PIXELS = SIDE * SIDE;
    private static final double MOST_NOISE = 12;

    /// A copy of 32 × 32 pixels: means over areas, rounded. An image of that size is returned as it is.
    ///
    /// @param rgb of a side that is a multiple of 32
    static byte[] shrunk(byte[] rgb) {
        int side = (int) Math.round(Math.sqrt(rgb.length / 3.0));
        checkArgument(side > 0 && side * side * 3 == rgb.length && side % SIDE == 0,
                "an image has %s bytes, or those of another multiple of %s pixels a side, not %s", PIXELS * 3, SIDE, rgb.length);
        int zoom = side / SIDE;
        if (zoom == 1) return rgb;
        var sums = new int[PIXELS * 3];
        for (int i = 0; i < rgb.length; i++) {
            int x = i / 3 % side / zoom;
            int y = i / 3 / side / zoom;
            sums[(y * SIDE + x) * 3 + i % 3] += rgb[i] & 255;
        }
        var small = new byte[PIXELS * 3];
        for (int i = 0; i < small.length; i++) small[i] = (byte) ((sums[i] + zoom * zoom / 2) / (zoom * zoom));
        return small;
    }

    static ImageAboveGround of(byte[] rgb) {
        checkArgument(rgb.length == PIXELS * 3, "an image has %s bytes, not %s", PIXELS * 3, rgb.length);
        var above = new double[PIXELS * 3];
        var ground = new double[3];
        var border = new double[4 * (SIDE - 1)];
        var deviation = new double[3];
        for (int c = 0; c < 3; c++) {
            int n = 0;
            for (int i = 0; i < PIXELS; i++) {
                above[i * 3 + c] = rgb[i * 3 + c] & 255;
                if (onBorder(i)) border[n++] = above[i * 3 + c];
            }
            ground[c] = median(border);
            for (int i = 0; i < n; i++) border[i] = Math.abs(border[i] - ground[c]);
            deviation[c] = 1.4826 * median(border);
            for (int i = 0; i < PIXELS; i++) above[i * 3 + c] -= ground[c];
        }
        return new ImageAboveGround(above, ground, Math.min(MOST_NOISE, (deviation[0] + deviation[1] + deviation[2]) / 3));
    }

    /// The furthest channel above the ground.
    double height(int pixel) { return Math.max(above[pixel * 3], Math.max(above[pixel * 3 + 1], above[pixel * 3 + 2])); }

    private static boolean onBorder(int pixel) {
        int x = pixel % SIDE;
        int y = pixel / SIDE;
        return x == 0 || y == 0 || x == SIDE - 1 || y == SIDE - 1;
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
