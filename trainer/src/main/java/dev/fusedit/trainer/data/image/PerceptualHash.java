package dev.fusedit.trainer.data.image;

/// How an image looks, in 64 bits: two that look alike differ in few of them, whatever their sizes and compression.
///
/// The image in grey, shrunk to 9 × 8, each pixel compared with its right neighbour: the difference hash ("dHash", `imagehash.dhash`).
///
/// @param bits one for each of the 64 comparisons, rows from the top
/// @param red mean of the image, 0 to 255; likewise green and blue
public record PerceptualHash(long bits, int red, int green, int blue) {
    private static final int SIDE = 8;
    /// Between means of two that look alike.
    private static final int MOST_APART = 8;

    public static PerceptualHash of(RgbImage image) {
        var small = PillowResize.resize(image, SIDE + 1, SIDE, PillowResize.Filter.BILINEAR);
        long bits = 0;
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) bits = bits << 1 | (grey(small, x + 1, y) > grey(small, x, y) ? 1 : 0);
        }
        return new PerceptualHash(bits, mean(small, 0), mean(small, 1), mean(small, 2));
    }

    private static int mean(RgbImage image, int colour) {
        int sum = 0;
        for (int i = colour; i < image.rgb().length; i += 3) sum += image.rgb()[i] & 255;
        return sum / (image.rgb().length / 3);
    }

    private static int grey(RgbImage image, int x, int y) { return Luma.of(image.rgb(), 3 * (y * image.width() + x)); }

    /// Bits that differ.
    public int distance(PerceptualHash other) { return Long.bitCount(bits ^ other.bits); }

    /// Whether the mean colours are nearly the same.
    public boolean isOfTone(PerceptualHash other) {
        return Math.abs(red - other.red) <= MOST_APART && Math.abs(green - other.green) <= MOST_APART
                && Math.abs(blue - other.blue) <= MOST_APART;
    }
}
