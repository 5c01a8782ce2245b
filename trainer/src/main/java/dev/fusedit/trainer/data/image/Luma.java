package dev.fusedit.trainer.data.image;

/// Grey of colours: ITU-R 601 luma, as Pillow has it.
final class Luma {
    private static final int BITS = 16;

    private Luma() {}

    /// In 1/65536.
    ///
    /// @param at where the pixel's red is
    static int of(byte[] rgb, int at) { return (rgb[at] & 255) * 19595 + (rgb[at + 1] & 255) * 38470 + (rgb[at + 2] & 255) * 7471; }

    /// `convert("L")`: a byte for each pixel, rounded.
    static byte[] grey(RgbImage image) {
        var grey = new byte[image.width() * image.height()];
        for (int i = 0; i < grey.length; i++) grey[i] = (byte) (of(image.rgb(), 3 * i) + (1 << BITS - 1) >> BITS);
        return grey;
    }
}
