package dev.fusedit.trainer.data.image;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/// The decoders of ImageIO, each by name: which others are on the class path changes nothing.
final class ImageReaders {
    private static final WebPImageReaderSpi WEBP = new WebPImageReaderSpi();

    private ImageReaders() {}

    /// The first image of a file, by the JDK's own reader.
    static BufferedImage read(String format, byte[] file, Consumer<String> warnings) throws IOException {
        var readers = ImageIO.getImageReadersByFormatName(format);
        while (readers.hasNext()) {
            var reader = readers.next();
            if (reader.getClass().getModule() == ImageIO.class.getModule()) return read(reader, file, warnings);
        }
        throw new IllegalStateException("this JDK reads no " + format);
    }

    /// A still: a file with a `VP8 ` or a `VP8L` chunk and nothing else.
    static BufferedImage readWebp(byte[] file, Consumer<String> warnings) throws IOException {
        return read(WEBP.createReaderInstance(null), file, warnings);
    }

    private static BufferedImage read(ImageReader reader, byte[] file, Consumer<String> warnings) throws IOException {
        try (var in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            reader.addIIOReadWarningListener((_, warning) -> warnings.accept(warning));
            reader.setInput(in, true, true);
            return reader.read(0);
        } finally {
            reader.dispose();
        }
    }
}
