package dev.fusedit.trainer.data.image;

import static com.google.common.base.Preconditions.checkArgument;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/// RGB images as JPEG files: baseline, 4:2:0, the standard's Huffman tables, without any metadata. Equal images are equal bytes with one JDK.
public final class JpegEncoder {
    private static final float PERCENT = 100;

    private JpegEncoder() {}

    /// @param quality 1 to 100, as libjpeg scales its tables
    public static byte[] encode(RgbImage image, int quality) {
        checkArgument(quality > 0 && quality <= PERCENT, "a JPEG's quality is 1 to 100, not %s", quality);
        var writer = writer();
        var out = new ByteArrayOutputStream();
        try (var stream = new MemoryCacheImageOutputStream(out)) {
            var how = writer.getDefaultWriteParam();
            how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            how.setCompressionQuality(quality / PERCENT);
            writer.setOutput(stream);
            writer.write(null, new IIOImage(buffered(image), null, null), how);
        } catch (IOException e) {
            throw new UncheckedIOException("memory is written to", e);
        } finally {
            writer.dispose();
        }
        return out.toByteArray();
    }

    private static BufferedImage buffered(RgbImage image) {
        var buffered = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        var rgb = image.rgb();
        var line = new int[image.width()];
        for (int y = 0, i = 0; y < image.height(); y++) {
            for (int x = 0; x < line.length; x++, i += 3) line[x] = (rgb[i] & 255) << 16 | (rgb[i + 1] & 255) << 8 | rgb[i + 2] & 255;
            buffered.getRaster().setDataElements(0, y, line.length, 1, line);
        }
        return buffered;
    }

    /// The JDK's own: which others are on the class path changes nothing.
    private static ImageWriter writer() {
        var writers = ImageIO.getImageWritersByFormatName("jpeg");
        while (writers.hasNext()) {
            var writer = writers.next();
            if (writer.getClass().getModule() == ImageIO.class.getModule()) return writer;
        }
        throw new IllegalStateException("this JDK writes no JPEG");
    }
}
