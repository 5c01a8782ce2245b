package dev.fusedit.trainer.data.image;

import static com.google.common.base.Preconditions.checkArgument;

/// Pillow's bilinear resize of 8-bit channels, bit for bit.
///
/// A triangle as wide as a new pixel (and no narrower than an old one) is laid over the old pixels, first along rows, then along columns;
/// each pass rounds to 8 bits. Weights are whole numbers of 22 bits, as in Pillow's `Resample.c`: a resize in floats is off by one here
/// and there.
public final class PillowResize {
    private static final int PRECISION = 32 - 8 - 2;
    private static final int COLOURS = 3;

    private PillowResize() {}

    public static RgbImage resize(RgbImage image, int width, int height) {
        checkArgument(width > 0 && height > 0, "an image has pixels, not %s x %s", width, height);
        var wide = width == image.width() ? image
                : new RgbImage(width, image.height(), along(image, Weights.of(image.width(), width)));
        return height == wide.height() ? wide : new RgbImage(width, height, down(wide, Weights.of(wide.height(), height)));
    }

    private static byte[] along(RgbImage from, Weights weights) {
        var to = new byte[COLOURS * weights.count() * from.height()];
        for (int y = 0, i = 0; y < from.height(); y++) {
            for (int x = 0; x < weights.count(); x++) {
                for (int c = 0; c < COLOURS; c++) {
                    to[i++] = weights.sum(x, from.rgb(), COLOURS * y * from.width() + c, COLOURS);
                }
            }
        }
        return to;
    }

    private static byte[] down(RgbImage from, Weights weights) {
        var row = COLOURS * from.width();
        var to = new byte[row * weights.count()];
        for (int y = 0, i = 0; y < weights.count(); y++) {
            for (int x = 0; x < row; x++) {
                to[i++] = weights.sum(y, from.rgb(), x, row);
            }
        }
        return to;
    }

    /// What each new pixel of a line takes of the old ones.
    ///
    /// @param first the first old pixel of each new one
    /// @param weights in 2^-22
    private record Weights(int[] first, int[][] weights) {
        static Weights of(int from, int to) {
            double scale = (double) from / to, filter = Math.max(scale, 1);
            var first = new int[to];
            var weights = new int[to][];
            for (int i = 0; i < to; i++) {
                var center = (i + 0.5) * scale;
                first[i] = Math.max(0, (int) (center - filter + 0.5));
                weights[i] = triangle(first[i], Math.min(from, (int) (center + filter + 0.5)), center, filter);
            }
            return new Weights(first, weights);
        }

        private static int[] triangle(int first, int end, double center, double filter) {
            var heights = new double[end - first];
            double sum = 0;
            for (int i = 0; i < heights.length; i++) {
                heights[i] = Math.max(0, 1 - Math.abs((i + first - center + 0.5) * (1 / filter)));
                sum += heights[i];
            }
            var weights = new int[heights.length];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (int) (0.5 + heights[i] / sum * (1 << PRECISION));
            }
            return weights;
        }

        int count() { return first.length; }

        byte sum(int pixel, byte[] from, int offset, int stride) {
            int sum = 1 << PRECISION - 1, at = offset + first[pixel] * stride;
            for (int weight : weights[pixel]) {
                sum += (from[at] & 255) * weight;
                at += stride;
            }
            return (byte) Math.clamp(sum >> PRECISION, 0, 255);
        }
    }
}
