package dev.fusedit.trainer.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Files that Java's own writers make.
class ImageIoFilesTest {
    private static final int WIDTH = 37;
    private static final int HEIGHT = 21;

    @ParameterizedTest
    @CsvSource({"bmp,BI_RGB,RGB", "bmp,BI_RLE8,PALETTE", "bmp,BI_BITFIELDS,RGB", "tiff,LZW,RGB", "tiff,ZLib,RGB", "tiff,Deflate,GREY",
        "tiff,PackBits,PALETTE", "tiff,CCITT T.6,BITS", "tiff,CCITT RLE,BITS", "png,Deflate,GREY", "png,Deflate,PALETTE",
        "gif,LZW,PALETTE"})
    void pixelsComeBack(String format, String compression, String kind) throws IOException {
        var image = image(kind);
        var decoded = ImageDecoder.decode(written(image, format, compression), "x", ImageDecoding.STRICT);
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            int x = i % WIDTH, y = i / WIDTH, grey = image.getRaster().getSample(x, y, 0);
            int seen = kind.equals("GREY") ? grey << 16 | grey << 8 | grey : image.getRGB(x, y) & 0xffffff;
            int read = (decoded.rgb()[3 * i] & 255) << 16 | (decoded.rgb()[3 * i + 1] & 255) << 8 | decoded.rgb()[3 * i + 2] & 255;
            assertThat(read).as("%d, %d", x, y).isEqualTo(seen);
        }
    }

    private static BufferedImage image(String kind) {
        var palette = new byte[3 * 256];
        new Random(1).nextBytes(palette);
        var image = switch (kind) {
            case "GREY" -> new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
            case "BITS" -> new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_BINARY);
            case "PALETTE" ->
                    new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_INDEXED, new IndexColorModel(8, 256, palette, 0, false));
            default -> new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_3BYTE_BGR);
        };
        var random = new Random(2);
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            for (int c = 0; c < image.getRaster().getNumBands(); c++) {
                image.getRaster().setSample(i % WIDTH, i / WIDTH, c, i % 5 > 1 ? random.nextInt(kind.equals("BITS") ? 2 : 256) : 1);
            }
        }
        return image;
    }

    private static byte[] written(BufferedImage image, String format, String compression) throws IOException {
        var writer = ImageIO.getImageWritersByFormatName(format).next();
        var param = writer.getDefaultWriteParam();
        param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        param.setCompressionType(compression);
        var out = new ByteArrayOutputStream();
        try (var stream = ImageIO.createImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.write(null, new IIOImage(image, null, null), param);
        } finally {
            writer.dispose();
        }
        return out.toByteArray();
    }
}
