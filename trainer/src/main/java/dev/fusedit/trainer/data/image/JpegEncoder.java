package dev.fusedit.trainer.data.image;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.image.TurboJpeg;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/// RGB images as JPEG files: baseline, 4:2:0, the standard's Huffman tables, without any metadata. Equal images are equal bytes with one JDK,
/// whether libjpeg-turbo is there ([TurboJpeg]) or not: it is used at a quality at which it writes the JDK's bytes of a trial image.
public final class JpegEncoder {
    private static final float PERCENT = 100;
    private static final int JFIF_MINOR_VERSION = 12;
    private static final int TRIAL_SIDE = 40;
    private static final Map<Integer, Boolean> AGREE = new ConcurrentHashMap<>();

    private JpegEncoder() {}

    /// @param quality 1 to 100, as libjpeg scales its tables
    public static byte[] encode(RgbImage image, int quality) {
        checkArgument(quality > 0 && quality <= PERCENT, "a JPEG's quality is 1 to 100, not %s", quality);
        return (AGREE.computeIfAbsent(quality, JpegEncoder::agree) ? turbo(image, quality) : Optional.<byte[]>empty())
                .orElseGet(() -> byJdk(image, quality));
    }

    private static boolean agree(int quality) {
        var random = new Random(1);
        var rgb = new byte[3 * TRIAL_SIDE * TRIAL_SIDE];
        for (int i = 3; i < rgb.length; i++) rgb[i] = (byte) ((rgb[i - 3] & 255) + random.nextInt(-40, 41));
        var trial = new RgbImage(TRIAL_SIDE, TRIAL_SIDE, rgb);
        return turbo(trial, quality).filter(file -> Arrays.equals(file, byJdk(trial, quality))).isPresent();
    }

    /// With the version of JFIF that the JDK names.
    static Optional<byte[]> turbo(RgbImage image, int quality) {
        var file = TurboJpeg.ofSystem().flatMap(library -> library.jpeg(image.rgb(), image.width(), image.height(), quality));
        file.ifPresent(bytes -> bytes[JFIF_MINOR_VERSION] = 2);
        return file;
    }

    static byte[] byJdk(RgbImage image, int quality) {
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
