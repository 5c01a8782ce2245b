package dev.fusedit.trainer.eval.features;

import dev.fusedit.trainer.log.PngImage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;

/// An image as it comes back from a JPEG file of quality 75, which some published FIDs are of: the JDK's encoder, libjpeg's tables, colours
/// at half the resolution.
public final class JpegCopy {
    private static final float QUALITY = 0.75f;

    private JpegCopy() {}

    public static PngImage of(PngImage image) {
        var pixels = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < image.width() * image.height(); i++) {
            pixels.setRGB(i % image.width(), i / image.width(),
                    (image.rgb()[3 * i] & 255) << 16 | (image.rgb()[3 * i + 1] & 255) << 8 | image.rgb()[3 * i + 2] & 255);
        }
        try {
            var file = new ByteArrayOutputStream();
            var writer = ImageIO.getImageWritersByFormatName("jpeg").next();
            try (var out = ImageIO.createImageOutputStream(file)) {
                var how = writer.getDefaultWriteParam();
                how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                how.setCompressionQuality(QUALITY);
                writer.setOutput(out);
                writer.write(null, new IIOImage(pixels, null, null), how);
            } finally {
                writer.dispose();
            }
            var back = ImageIO.read(new ByteArrayInputStream(file.toByteArray()));
            var rgb = new byte[image.rgb().length];
            for (int i = 0; i < image.width() * image.height(); i++) {
                int pixel = back.getRGB(i % image.width(), i / image.width());
                rgb[3 * i] = (byte) (pixel >> 16);
                rgb[3 * i + 1] = (byte) (pixel >> 8);
                rgb[3 * i + 2] = (byte) pixel;
            }
            return new PngImage(image.width(), image.height(), rgb);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
