package dev.fusedit.trainer.data.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.SampleModel;

/// What an ImageIO reader made of a file, as RGB.
///
/// Samples are taken as the file has them, never through Java's colour spaces, whose grey has another curve; colour profiles are ignored.
///
/// @param key the sample value, one for each channel, that stands for transparency; none: empty
record DecodedRaster(BufferedImage decoded, int[] key) {
    private static final int COLOURS = 3;
    private static final int INKS = 4;
    private static final int BYTE = 8;
    private static final int OPAQUE = 255;

    /// @throws BadImage if its channels are not known
    RgbImage rgb(ImageDecoding how) throws BadImage {
        if (decoded.getType() == BufferedImage.TYPE_3BYTE_BGR && key.length == 0) return fromBytes();
        var canvas = new RgbCanvas(new ImageSize(decoded.getWidth(), decoded.getHeight()), how.alpha());
        var raster = decoded.getRaster();
        var model = decoded.getColorModel();
        if (model instanceof IndexColorModel palette) {
            fromPalette(raster, palette, canvas);
        } else if (model.getColorSpace().getType() == ColorSpace.TYPE_CMYK && raster.getNumBands() == INKS) {
            fromInks(raster, canvas);
        } else {
            fromSamples(raster, model, canvas, how);
        }
        return canvas.image();
    }

    /// Of blue, green and red in a byte each, as JPEGs are decoded.
    private RgbImage fromBytes() {
        var bgr = ((DataBufferByte) decoded.getRaster().getDataBuffer()).getData();
        var rgb = new byte[bgr.length];
        for (int i = 0; i < rgb.length; i += COLOURS) {
            rgb[i] = bgr[i + 2];
            rgb[i + 1] = bgr[i + 1];
            rgb[i + 2] = bgr[i];
        }
        return new RgbImage(decoded.getWidth(), decoded.getHeight(), rgb);
    }

    private void fromPalette(Raster raster, IndexColorModel palette, RgbCanvas canvas) {
        var row = new int[raster.getWidth()];
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getSamples(0, y, row.length, 1, 0, row);
            for (int x = 0; x < row.length; x++) {
                int index = row[x];
                canvas.set(x, y, palette.getRed(index), palette.getGreen(index), palette.getBlue(index),
                        isKey(row, x) ? 0 : palette.getAlpha(index));
            }
        }
    }

    private boolean isKey(int[] row, int at) {
        for (int c = 0; c < key.length; c++) {
            if (row[at + c] != key[c]) return false;
        }
        return key.length > 0;
    }

    /// Printers' inks, as files for print have them: what an ink leaves of what black leaves, without any colour profile.
    private static void fromInks(Raster raster, RgbCanvas canvas) {
        var row = new int[raster.getWidth() * INKS];
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, raster.getWidth(), 1, row);
            for (int x = 0, i = 0; i < row.length; x++, i += INKS) {
                var left = OPAQUE - row[i + COLOURS];
                canvas.set(x, y, left - ImageDecoding.by255(row[i] * left), left - ImageDecoding.by255(row[i + 1] * left),
                        left - ImageDecoding.by255(row[i + 2] * left), OPAQUE);
            }
        }
    }

    private void fromSamples(Raster raster, ColorModel model, RgbCanvas canvas, ImageDecoding how) throws BadImage {
        int bands = raster.getNumBands(), type = raster.getDataBuffer().getDataType(), bits = raster.getSampleModel().getSampleSize(0);
        var isGrey = bands < COLOURS;
        var hasAlpha = model.hasAlpha() && (bands == 2 || bands == COLOURS + 1);
        if (bands > COLOURS + 1 || model.getColorSpace().getType() == ColorSpace.TYPE_CMYK) {
            throw new BadImage("it has %d channels, which are not known".formatted(bands));
        }
        if (bits > 2 * BYTE || bits > BYTE && type != DataBuffer.TYPE_USHORT) {
            throw new BadImage("its samples have %d bits, which are not known".formatted(bits));
        }
        var isWide = bits > BYTE;
        var cut = isWide && bands == 1 && !how.whole();
        var row = new int[raster.getWidth() * bands];
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, raster.getWidth(), 1, row);
            if (bits < BYTE) widen(row, raster.getSampleModel());
            for (int x = 0, i = 0; i < row.length; x++, i += bands) {
                var opacity = isKey(row, i) ? 0 : !hasAlpha ? OPAQUE : eight(row[i + bands - 1], isWide, false);
                var multiplied = model.isAlphaPremultiplied() ? opacity : OPAQUE;
                int red = divided(eight(row[i], isWide, cut), multiplied);
                canvas.set(x, y, red, isGrey ? red : divided(eight(row[i + 1], isWide, cut), multiplied),
                        isGrey ? red : divided(eight(row[i + 2], isWide, cut), multiplied), opacity);
            }
        }
    }

    /// Samples of fewer than 8 bits, whose number may be another for each channel.
    private static void widen(int[] row, SampleModel model) {
        for (int i = 0; i < row.length; i++) {
            row[i] = row[i] * OPAQUE / ((1 << model.getSampleSize(i % model.getNumBands())) - 1);
        }
    }

    /// A colour that is stored multiplied by its opacity.
    private static int divided(int sample, int opacity) {
        return opacity == OPAQUE ? sample : opacity == 0 ? 0 : Math.min(OPAQUE, sample * OPAQUE / opacity);
    }

    private static int eight(int sample, boolean isWide, boolean cut) {
        return !isWide ? sample : cut ? Math.min(sample, OPAQUE) : sample >> BYTE;
    }
}
