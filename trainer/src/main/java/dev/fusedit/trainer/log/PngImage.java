package dev.fusedit.trainer.log;

import static com.google.common.base.Preconditions.checkArgument;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/// @param rgb height · width · 3 bytes, rows from the top, in a row from the left, red green blue; not copied
public record PngImage(int width, int height, byte[] rgb) {
    public PngImage {
        checkArgument(width > 0 && height > 0, "an image has pixels, not %s x %s", width, height);
        checkArgument(rgb.length == 3L * width * height, "%s x %s pixels are %s bytes, not %s", width, height, 3 * width * height,
                rgb.length);
    }

    /// Every pixel becomes a square of so many.
    public PngImage enlarged(int factor) {
        checkArgument(factor >= 1, "factor must be at least 1, but is %s", factor);
        byte[] large = new byte[rgb.length * factor * factor];
        int row = 3 * width * factor;
        for (int y = 0; y < height * factor; y++)
            for (int x = 0; x < width * factor; x++)
                System.arraycopy(rgb, 3 * (y / factor * width + x / factor), large, y * row + 3 * x, 3);
        return new PngImage(width * factor, height * factor, large);
    }

    /// A part of it, of whose pixels only every so many-th is taken, in both directions: the inverse of [#enlarged] within a grid.
    public PngImage part(int left, int top, int wide, int high, int every) {
        checkArgument(left >= 0 && top >= 0 && every >= 1 && left + wide <= width && top + high <= height,
                "%s x %s pixels at (%s, %s), every %s, are no part of %s x %s", wide, high, left, top, every, width, height);
        var part = new byte[3 * (wide / every) * (high / every)];
        for (int y = 0, i = 0; y < high / every; y++)
            for (int x = 0; x < wide / every; x++, i += 3)
                System.arraycopy(rgb, 3 * ((top + y * every) * width + left + x * every), part, i, 3);
        return new PngImage(wide / every, high / every, part);
    }

    /// @throws IOException if it is no image, or cannot be read
    public static PngImage read(Path file) throws IOException {
        var image = ImageIO.read(file.toFile());
        if (image == null) throw new IOException(file + " is no PNG image");
        var rgb = new byte[3 * image.getWidth() * image.getHeight()];
        for (int y = 0, i = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                int pixel = image.getRGB(x, y);
                rgb[i++] = (byte) (pixel >> 16);
                rgb[i++] = (byte) (pixel >> 8);
                rgb[i++] = (byte) pixel;
            }
        }
        return new PngImage(image.getWidth(), image.getHeight(), rgb);
    }

    /// With texts by keyword, as international text chunks (`iTXt`, UTF-8) behind the header.
    public byte[] png(Map<String, String> texts) { return PngText.insert(png(), texts); }

    /// This image as the bytes of a PNG file.
    public byte[] png() { return encoded("png"); }

    /// As the bytes of a JPEG file of quality 75, which is not quite the same.
    public byte[] jpeg() { return encoded("jpg"); }

    private byte[] encoded(String format) {
        var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0, i = 0; y < height; y++)
            for (int x = 0; x < width; x++, i += 3) image.setRGB(x, y, (rgb[i] & 255) << 16 | (rgb[i + 1] & 255) << 8 | rgb[i + 2] & 255);
        var bytes = new ByteArrayOutputStream();
        try (var out = new MemoryCacheImageOutputStream(bytes)) {
            if (!ImageIO.write(image, format, out)) throw new IllegalStateException("this JDK writes no " + format);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    @Override
    public String toString() { return "PngImage(" + width + " x " + height + ")"; }
}
