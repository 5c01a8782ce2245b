package dev.fusedit.trainer.data.image;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.cache.CacheBuilder;
import com.google.common.cache.CacheLoader;
import com.google.common.cache.LoadingCache;
import dev.fusedit.torch.image.Resampling;
import java.util.Arrays;
import java.util.Optional;

/// Pillow's resize of 8-bit channels, bit for bit.
///
/// A filter, stretched by as much as the image shrinks (and never compressed), is laid over the old pixels, first along rows, then along
/// columns; each pass rounds to 8 bits. Weights are whole numbers of 22 bits, as in Pillow's `Resample.c`: a resize in floats is off by one here
/// and there.
public final class PillowResize {
    private static final int PRECISION = 32 - 8 - 2;
    private static final int COLOURS = 3;
    /// Images of a set often have the same few sizes.
    private static final LoadingCache<Line, Part> PARTS = CacheBuilder.newBuilder().maximumSize(64).build(CacheLoader.from(Part::of));

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
        return part(pixels, channels, Line.whole(from.width(), to.width(), filter), Line.whole(from.height(), to.height(), filter));
    }

    /// A part of what an image becomes, bit for bit, with the work and the memory of that part alone.
    ///
    /// @param to size of the whole
    static RgbImage part(RgbImage image, ImageSize to, CoverCrop.Corner corner, ImageSize part, Filter filter) {
        return new RgbImage(part.width(), part.height(), part(image.rgb(), COLOURS,
                new Line(image.width(), to.width(), corner.left(), part.width(), filter),
                new Line(image.height(), to.height(), corner.top(), part.height(), filter)));
    }

    private static byte[] part(byte[] pixels, int channels, Line columns, Line rows) {
        var across = columns.isAsItWas() ? Optional.<Part>empty() : Optional.of(PARTS.getUnchecked(columns));
        var down = rows.isAsItWas() ? Optional.<Part>empty() : Optional.of(PARTS.getUnchecked(rows));
        int row = channels * columns.from;
        var inRows = down.filter(part -> part.isOfSome(rows)).map(part -> Arrays.copyOfRange(pixels, part.begin * row, part.end * row))
                .orElse(pixels);
        var needed = across.filter(part -> part.isOfSome(columns))
                .map(part -> columns(inRows, row, channels * part.begin, channels * part.end)).orElse(inRows);
        var wide = across.map(part -> part.samples.along(needed, channels)).orElse(needed);
        return down.map(part -> part.samples.down(wide, channels * columns.count)).orElse(wide);
    }

    /// @param row bytes of one
    private static byte[] columns(byte[] rows, int row, int begin, int end) {
        int count = rows.length / row, width = end - begin;
        var cut = new byte[count * width];
        for (int y = 0; y < count; y++) System.arraycopy(rows, y * row + begin, cut, y * width, width);
        return cut;
    }

    /// Some new pixels of a line.
    ///
    /// @param from pixels of the old line
    /// @param to of the new one
    /// @param begin the first that is wanted of the new ones
    /// @param count at least one
    private record Line(int from, int to, int begin, int count, Filter filter) {
        Line {
            checkArgument(count > 0 && begin >= 0 && begin <= to - count, "%s pixels from %s on are not inside %s", count, begin, to);
        }

        static Line whole(int from, int to, Filter filter) { return new Line(from, to, 0, to, filter); }

        boolean isAsItWas() { return from == to && count == to; }
    }

    /// What a line's new pixels are made of.
    ///
    /// @param begin the first old pixel that they take of
    /// @param end behind the last one
    /// @param samples of these alone
    private record Part(int begin, int end, Resampling samples) {
        /// Whether some of the line's old pixels are not taken of.
        boolean isOfSome(Line line) { return begin > 0 || end < line.from; }

        static Part of(Line line) {
            var first = new int[line.count];
            var weights = new int[line.count][];
            for (int i = 0; i < line.count; i++) {
                int pixel = line.begin + i;
                var heights = line.from == line.to ? new Heights(pixel, new double[] {1})
                        : Heights.of(line.from, line.to, pixel, line.filter);
                first[i] = heights.first;
                weights[i] = heights.whole();
            }
            int begin = first[0], end = first[line.count - 1] + weights[line.count - 1].length;
            return new Part(begin, end, new Resampling(end - begin, Arrays.stream(first).map(pixel -> pixel - begin).toArray(), weights,
                    PRECISION));
        }
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

        /// In 2^-22, with the sum 1.
        int[] whole() {
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
    }
}
