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
        return new RgbImage(width, height, resize(image.rgb(), COLOURS, image.size(), new ImageSize(width, height), filter));
    }

    /// Of pixels with any number of channels.
    ///
    /// @param pixels height · width · channels bytes
    static byte[] resize(byte[] pixels, int channels, ImageSize from, ImageSize to, Filter filter) {
        return part(pixels, channels, from, Line.of(from.width(), to.width(), 0, to.width(), filter),
                Line.of(from.height(), to.height(), 0, to.height(), filter));
    }

    /// A part of what an image becomes, bit for bit, with the work and the memory of that part alone.
    ///
    /// @param to size of the whole
    static RgbImage part(RgbImage image, ImageSize to, CoverCrop.Corner corner, ImageSize part, Filter filter) {
        return new RgbImage(part.width(), part.height(), part(image.rgb(), COLOURS, image.size(),
                Line.of(image.width(), to.width(), corner.left(), part.width(), filter),
                Line.of(image.height(), to.height(), corner.top(), part.height(), filter)));
    }

    private static byte[] part(byte[] pixels, int channels, ImageSize from, Line columns, Line rows) {
        int row = channels * columns.count();
        return down(along(pixels, channels, from.width(), columns, rows), row, rows);
    }

    /// Of the old rows that the new ones take of.
    private static byte[] along(byte[] from, int channels, int width, Line columns, Line rows) {
        var to = new byte[channels * columns.count() * (rows.end() - rows.begin())];
        for (int y = rows.begin(), i = 0; y < rows.end(); y++) {
            for (int x = 0; x < columns.count(); x++) {
                for (int c = 0; c < channels; c++) to[i++] = columns.sum(x, from, channels * (y * width + columns.first[x]) + c, channels);
            }
        }
        return to;
    }

    /// @param row bytes of a line
    private static byte[] down(byte[] from, int row, Line rows) {
        var to = new byte[row * rows.count()];
        for (int y = 0, i = 0; y < rows.count(); y++) {
            int first = (rows.first[y] - rows.begin()) * row;
            for (int x = 0; x < row; x++) to[i++] = rows.sum(y, from, first + x, row);
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

    /// What some new pixels of a line take of the old ones.
    ///
    /// @param first the first old pixel of each new one
    /// @param weights in 2^-22
    private record Line(int[] first, int[][] weights) {
        /// @param begin the first new pixel
        /// @param count at least one
        static Line of(int from, int to, int begin, int count, Filter filter) {
            checkArgument(count > 0 && begin >= 0 && begin <= to - count, "%s pixels from %s on are not inside %s", count, begin, to);
            var first = new int[count];
            var weights = new int[count][];
            for (int i = 0; i < count; i++) {
                var line = from == to ? new Heights(begin + i, new double[] {1}) : Heights.of(from, to, begin + i, filter);
                first[i] = line.first;
                weights[i] = whole(line.heights);
            }
            return new Line(first, weights);
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

        /// The first old pixel that is taken of, and the one behind the last.
        int begin() { return first[0]; }

        int end() { return first[count() - 1] + weights[count() - 1].length; }

        /// @param at place of the first old pixel
        byte sum(int pixel, byte[] from, int at, int stride) {
            int sum = 1 << PRECISION - 1, place = at;
            for (int weight : weights[pixel]) {
                sum += (from[place] & 255) * weight;
                place += stride;
            }
            return (byte) Math.clamp(sum >> PRECISION, 0, 255);
        }
    }
}
