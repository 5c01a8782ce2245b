package dev.fusedit.trainer.data.image;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FileFormat;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageInputStream;

/// Images as Pillow's `convert("RGB")` has them, which is what webdataset's decoder hands to training.
///
/// Notable: transparency is dropped, not blended; grey is repeated; 16-bit grey is cut at 255, not scaled (Pillow's way, almost all
/// white); a camera's orientation and colour profile are ignored; a JPEG that ends early loads, what is missing is grey. So samples are
/// read as the file has them, never through Java's colour spaces, whose grey has another curve.
public final class ImageDecoder {
    private static final int COLOURS = 3;
    private static final int INKS = 4;
    private static final int BYTE = 8;

    private ImageDecoder() {}

    /// @param where what the bytes are, for messages
    /// @throws UserError if they are no image, or one of a kind that is not known
    public static RgbImage decode(byte[] file, String where) {
        try (var in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            var readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw FileFormat.of(file).insteadOf("an image of a kind that is read (PNG, JPEG, GIF, BMP, TIFF)", where);
            }
            var reader = readers.next();
            try {
                reader.setInput(in, true, true);
                return rgb(reader.read(0), where);
            } finally {
                reader.dispose();
            }
        } catch (IOException | IllegalArgumentException | ArrayIndexOutOfBoundsException e) { // what damaged files make of the readers
            throw new UserError("%s: cannot be decoded, it is damaged or of a rare kind (%s)".formatted(where, e.getMessage()), e);
        }
    }

    public static RgbImage decode(byte[] file, String where, ImageDecoding how) { return decode(file, where); }

    public static boolean isImageName(String name) {
        return name.toLowerCase(java.util.Locale.ROOT).matches(".*[.](jpg|jpeg|png|webp|gif|bmp|tif|tiff|avif|heic)");
    }

    private static RgbImage rgb(BufferedImage image, String where) {
        int width = image.getWidth(), height = image.getHeight();
        var rgb = new byte[COLOURS * width * height];
        if (image.getColorModel() instanceof IndexColorModel palette) {
            fromPalette(image.getRaster(), palette, rgb);
        } else if (image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_CMYK) {
            fromInks(image.getRaster(), rgb);
        } else {
            fromSamples(image.getRaster(), rgb, where);
        }
        return new RgbImage(width, height, rgb);
    }

    private static void fromPalette(Raster raster, IndexColorModel palette, byte[] rgb) {
        var row = new int[raster.getWidth()];
        for (int y = 0, i = 0; y < raster.getHeight(); y++) {
            for (int index : raster.getSamples(0, y, row.length, 1, 0, row)) {
                rgb[i++] = (byte) palette.getRed(index);
                rgb[i++] = (byte) palette.getGreen(index);
                rgb[i++] = (byte) palette.getBlue(index);
            }
        }
    }

    /// Printers' inks, as JPEG files for print have them: what an ink leaves of what black leaves, without any colour profile.
    private static void fromInks(Raster raster, byte[] rgb) {
        var row = new int[raster.getWidth() * INKS];
        for (int y = 0, i = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, raster.getWidth(), 1, row);
            for (int x = 0; x < row.length; x += INKS) {
                var left = 255 - row[x + COLOURS];
                for (int c = 0; c < COLOURS; c++) {
                    rgb[i++] = (byte) (left - by255(row[x + c] * left));
                }
            }
        }
    }

    /// A product of two bytes over 255, rounded.
    private static int by255(int product) {
        var half = product + 128;
        return (half >> BYTE) + half >> BYTE;
    }

    private static void fromSamples(Raster raster, byte[] rgb, String where) {
        var bands = raster.getNumBands();
        var isWide = raster.getDataBuffer().getDataType() == DataBuffer.TYPE_USHORT && raster.getSampleModel().getSampleSize(0) > BYTE;
        var isGrey = bands < COLOURS;
        if (bands > COLOURS + 1) {
            throw new UserError("%s: has %d channels, which are not known".formatted(where, bands));
        }
        var row = new int[raster.getWidth() * bands];
        for (int y = 0, i = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, raster.getWidth(), 1, row);
            for (int x = 0; x < row.length; x += bands) {
                for (int c = 0; c < COLOURS; c++) {
                    var sample = row[x + (isGrey ? 0 : c)];
                    rgb[i++] = (byte) (!isWide ? sample : isGrey && bands == 1 ? Math.min(sample, 255) : sample >> BYTE);
                }
            }
        }
    }
}
