package dev.fusedit.trainer.data.image;

import dev.fusedit.torch.image.Mixing;

/// Grey of colours: ITU-R 601 luma, as Pillow has it.
final class Luma {
    private static final Mixing MIXING = new Mixing(19595, 38470, 7471, 16);

    private Luma() {}

    /// In 1/65536.
    ///
    /// @param at where the pixel's red is
    static int of(byte[] rgb, int at) {
        return (rgb[at] & 255) * MIXING.red() + (rgb[at + 1] & 255) * MIXING.green() + (rgb[at + 2] & 255) * MIXING.blue();
    }

    /// `convert("L")`: a byte for each pixel, rounded.
    static byte[] grey(RgbImage image) { return MIXING.of(image.rgb()); }
}
