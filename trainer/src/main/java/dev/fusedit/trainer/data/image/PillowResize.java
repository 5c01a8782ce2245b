package dev.fusedit.trainer.data.image;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;

/// Pillow's resize of 8-bit channels, bit for bit.
///
/// A filter, stretched by as much as the image shrinks (and never compressed), is laid over the old pixels, first along rows, then along
/// columns; each pass rounds to 8 bits. Weights are whole numbers of 22 bits, as in Pillow's `Resample.c`: a resize in floats is off by one here
/// and there.
public final class PillowResize {
    private static final int PRECISION = 32 - 8 - 2;
    private static final int COLOURS = 3;

    private PillowResize() {}

    /// What a new pixel takes of the old ones, by their distance from its centre.
    public enum Filter {
        /// A triangle: `Image.BILINEAR`.
        BILINEAR(1),

        /// Keys' cubic with a = -0.5: `Image.BICUBIC`.
        BICUBIC(2),

        /// A sinc under the middle of a wider one: `Image.LANCZOS`, once `ANTIALIAS`.
        LANCZOS(3);

        private static final double SHARPNESS = -0.5;
        private final double support;

        /// @param support as far from the centre, in old pixels, it takes of them when an image is not made smaller
        Filter(double support) { this.support = support; }

        /// @param distance at least 0
        double at(double distance) {
            return switch (this) {
                case BILINEAR -> distance < 1 ? 1 - distance : 0;
                case BICUBIC -> cubic(distance);
                case LANCZOS -> distance < 3 ? sinc(distance) * sinc(distance / 3) : 0;
            };
        }

        private static double sinc(double x) { return x == 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI); }

        private static double cubic(double distance) {
            if (distance < 1) return ((SHARPNESS + 2) * distance - (SHARPNESS + 3)) * distance * distance + 1;
            return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * SHARPNESS : 0;
        }
    }

    public static RgbImage resize(RgbImage image, int width, int height, Filter filter) {
        return new RgbImage(width, height, resize(image.rgb(), COLOURS, new ImageSize(image.width(), image.height()),
                new ImageSize(width, height), filter));
    }

    /// Of pixels with any number of channels.
    ///
    /// @param pixels height · width · channels bytes
    static byte[] resize(byte[] pixels, int channels, ImageSize from, ImageSize to, Filter filter) {
        checkArgument(to.width() > 0 && to.height() > 0, "an image has pixels, not %s x %s", to.width(), to.height());
        var wide = to.width() == from.width() ? pixels : along(pixels, channels, from, Weights.of(from.width(), to.width(), filter));
        return to.height() == from.height() ? wide : down(wide, channels * to.width(), Weights.of(from.height(), to.height(), filter));
    }

    private static byte[] along(byte[] from, int channels, ImageSize size, Weights weights) {
        var to = new byte[channels * weights.count() * size.height()];
        for (int y = 0, i = 0; y < size.height(); y++) {
            for (int x = 0; x < weights.count(); x++) {
                for (int c = 0; c < channels; c++) {
                    to[i++] = weights.sum(x, from, channels * y * size.width() + c, channels);
                }
            }
        }
        return to;
    }

    /// @param row bytes of a line
    private static byte[] down(byte[] from, int row, Weights weights) {
        var to = new byte[row * weights.count()];
        for (int y = 0, i = 0; y < weights.count(); y++) {
            for (int x = 0; x < row; x++) {
                to[i++] = weights.sum(y, from, x, row);
            }
        }
        return to;
    }

    /// What each new pixel of a line takes of each old one, in whole numbers nowhere: how Pillow resizes channels of floats.
    ///
    /// @return new · old, row by row; rows sum to 1
    public static double[] weights(int from, int to, Filter filter) {
        var all = new double[to * from];
        for (int i = 0; i < to; i++) {
            var line = Heights.of(from, to, i, filter);
            double sum = Arrays.stream(line.heights).sum();
            for (int j = 0; j < line.heights.length; j++) all[i * from + line.first + j] = line.heights[j] / sum;
        }
        return all;
    }

    /// The filter's heights over the old pixels that a new one takes of.
    ///
    /// @param first the first old pixel
    private record Heights(int first, double[] heights) {
        static Heights of(int from, int to, int pixel, Filter filter) {
            double scale = (double) from / to, stretch = Math.max(scale, 1), support = filter.support * stretch;
            var center = (pixel + 0.5) * scale;
            int first = Math.max(0, (int) (center - support + 0.5));
            var heights = new double[Math.min(from, (int) (center + support + 0.5)) - first];
            for (int j = 0; j < heights.length; j++) {
                heights[j] = filter.at(Math.abs((j + first - center + 0.5) * (1 / stretch)));
            }
            return new Heights(first, heights);
        }
    }

    /// What each new pixel of a line takes of the old ones.
    ///
    /// @param first the first old pixel of each new one
    /// @param weights in 2^-22
    private record Weights(int[] first, int[][] weights) {
        static Weights of(int from, int to, Filter filter) {
            var first = new int[to];
            var weights = new int[to][];
            for (int i = 0; i < to; i++) {
                var line = Heights.of(from, to, i, filter);
                first[i] = line.first;
                weights[i] = whole(line.heights);
            }
            return new Weights(first, weights);
        }

        private static int[] whole(double[] heights) {
            double sum = 0;
            for (double height : heights) {
                sum += height;
            }
            var weights = new int[heights.length];
            for (int i = 0; i < weights.length; i++) {
                var share = heights[i] / sum * (1 << PRECISION);
                weights[i] = (int) (share < 0 ? share - 0.5 : share + 0.5);
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
