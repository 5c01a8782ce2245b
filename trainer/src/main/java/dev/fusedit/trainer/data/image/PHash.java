package dev.fusedit.trainer.data.image;

import dev.fusedit.trainer.data.image.PillowResize.Filter;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.OptionalLong;

/// The perceptual hash of published metadata (COYO-700M's `image_phash`): Python's `imagehash.phash`, bit for bit.
///
/// The image in grey, shrunk to 32 × 32 by Lanczos' filter, its discrete cosine transform (type II) along both axes; the 8 × 8 lowest
/// frequencies, a bit for each that is above their median. Of an image of one colour all but one coefficient is rounding, and so is its hash.
/// [PerceptualHash] is the quicker one that finds duplicates in a person's own images.
public final class PHash {
    private static final int SIDE = 32;
    private static final int LOW = 8;
    private static final double[][] COSINES = cosines();

    private PHash() {}

    /// @param image as Pillow decodes it ([ImageDecoding#REFERENCE]), in its full size
    public static long of(RgbImage image) {
        var grey = PillowResize.resize(Luma.grey(image), 1, new ImageSize(image.width(), image.height()), new ImageSize(SIDE, SIDE),
                Filter.LANCZOS);
        var low = lowFrequencies(grey);
        var sorted = low.clone();
        Arrays.sort(sorted);
        double median = (sorted[LOW * LOW / 2 - 1] + sorted[LOW * LOW / 2]) / 2;
        long bits = 0;
        for (double coefficient : low) bits = bits << 1 | (coefficient > median ? 1 : 0);
        return bits;
    }

    /// Down the columns, then along the rows, as SciPy's order of sums matters for ties.
    private static double[] lowFrequencies(byte[] grey) {
        var columns = new double[LOW][SIDE];
        for (int v = 0; v < LOW; v++) {
            for (int y = 0; y < SIDE; y++) {
                for (int x = 0; x < SIDE; x++) columns[v][x] += (grey[y * SIDE + x] & 255) * COSINES[v][y];
            }
        }
        var low = new double[LOW * LOW];
        for (int v = 0; v < LOW; v++) {
            for (int u = 0; u < LOW; u++) {
                for (int x = 0; x < SIDE; x++) low[v * LOW + u] += columns[v][x] * COSINES[u][x];
            }
        }
        return low;
    }

    /// 2 cos(π k (2 n + 1) / 64)
    private static double[][] cosines() {
        var cosines = new double[LOW][SIDE];
        for (int k = 0; k < LOW; k++) {
            for (int n = 0; n < SIDE; n++) cosines[k][n] = 2 * Math.cos(Math.PI * k * (2 * n + 1) / (2 * SIDE));
        }
        return cosines;
    }

    /// Bits that differ.
    public static int distance(long one, long other) { return Long.bitCount(one ^ other); }

    /// 16 hexadecimal digits, as `str` of an imagehash has them.
    public static String hex(long hash) { return HexFormat.of().toHexDigits(hash); }

    /// @return empty for what is no such hash
    public static OptionalLong parse(String hex) {
        return hex.matches("[0-9a-fA-F]{16}") ? OptionalLong.of(HexFormat.fromHexDigitsToLong(hex)) : OptionalLong.empty();
    }
}
