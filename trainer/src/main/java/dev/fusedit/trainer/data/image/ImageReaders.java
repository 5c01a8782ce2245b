package dev.fusedit.trainer.data.image;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageInputStreamImpl;
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
            if (reader.getClass().getModule() == ImageIO.class.getModule())
                return read(reader, new MemoryCacheImageInputStream(new ByteArrayInputStream(file)), warnings);
        }
        throw new IllegalStateException("this JDK reads no " + format);
    }

    /// A still: a file with a `VP8 ` or a `VP8L` chunk and nothing else.
    static BufferedImage readWebp(byte[] file, Consumer<String> warnings) throws IOException {
        return read(WEBP.createReaderInstance(null), new Padded(file), warnings);
    }

    private static BufferedImage read(ImageReader reader, ImageInputStream stream, Consumer<String> warnings) throws IOException {
        try (var in = stream) {
            reader.addIIOReadWarningListener((_, warning) -> warnings.accept(warning));
            reader.setInput(in, true, true);
            return reader.read(0);
        } finally {
            reader.dispose();
        }
    }

    /// A file with a few bytes 0 after its end, since a decoder looks a little ahead, and then an error: TwelveMonkeys' decoder takes an
    /// end for zeros, and finds each anew, for hours in a damaged file.
    private static final class Padded extends ImageInputStreamImpl {
        private static final int AHEAD = 64;

        private final byte[] file;

        Padded(byte[] file) { this.file = Arrays.copyOf(file, file.length + AHEAD); }

        @Override
        public int read() throws IOException {
            bitOffset = 0;
            if (streamPos >= file.length) throw new BadImage("its pixels end early");
            return file[(int) streamPos++] & 0xff;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            bitOffset = 0;
            if (streamPos >= file.length) throw new BadImage("its pixels end early");
            int count = (int) Math.min(length, file.length - streamPos);
            System.arraycopy(file, (int) streamPos, to, offset, count);
            streamPos += count;
            return count;
        }
    }
}
