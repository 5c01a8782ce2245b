package dev.fusedit.trainer.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.UserError;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class ImageDecoderTest {
    private static final int LOSSY_STEPS = 2;

    static Stream<String> names() { return GoldenImages.names().stream(); }

    @ParameterizedTest
    @MethodSource("names")
    void whatAPersonSeesIsRead(String name) {
        assertSame(name, ImageDecoder.decode(GoldenImages.file(name), name, ImageDecoding.STRICT), GoldenImages.expected(name + "/strict"));
    }

    @ParameterizedTest
    @MethodSource("names")
    void theReferenceReadsAsPillowConverts(String name) {
        assertSame(name, ImageDecoder.decode(GoldenImages.file(name), name, ImageDecoding.REFERENCE),
                GoldenImages.expected(name + "/reference"));
    }

    private static void assertSame(String name, RgbImage image, RgbImage expected) {
        assertThat(image.toString()).isEqualTo(expected.toString());
        int steps = name.endsWith(".jpg") || name.contains("_jpeg") || name.startsWith("lossy") ? LOSSY_STEPS : 0, most = 0;
        for (int i = 0; i < image.rgb().length; i++) {
            most = Math.max(most, Math.abs((image.rgb()[i] & 255) - (expected.rgb()[i] & 255)));
        }
        assertThat(most).as(name).isLessThanOrEqualTo(steps);
    }

    @ParameterizedTest
    @MethodSource("names")
    void theSizeIsKnownFromTheHeader(String name) {
        var file = GoldenImages.file(name);
        for (var how : new ImageDecoding[] {ImageDecoding.STRICT, ImageDecoding.REFERENCE}) {
            var image = ImageDecoder.decode(file, name, how);
            assertThat(ImageDecoder.size(file, name, how)).isEqualTo(new ImageSize(image.width(), image.height()));
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void whatFollowsTheEndChangesNothing(String name) {
        var file = GoldenImages.file(name);
        var longer = Arrays.copyOf(file, file.length + 1000);
        Arrays.fill(longer, file.length, longer.length, (byte) 'x');
        assertThat(ImageDecoder.decode(longer, name, ImageDecoding.STRICT).rgb())
                .isEqualTo(ImageDecoder.decode(file, name, ImageDecoding.STRICT).rgb());
    }

    @ParameterizedTest
    @MethodSource("names")
    void aCutFileIsRefusedByName(String name) {
        var file = GoldenImages.file(name);
        for (int length = 0; length < (name.equals("pages.tif") ? 300 : file.length); length++) { // of pages the first counts
            var cut = Arrays.copyOf(file, length);
            assertThatThrownBy(() -> ImageDecoder.decode(cut, name, ImageDecoding.STRICT)).as("%d bytes", length)
                    .isInstanceOf(UserError.class)
                    .hasMessageStartingWith(name + ": ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rgb8.png", "grey4_interlaced.png", "palette2_transparent.png"})
    void aChangedByteOfAPngIsFound(String name) {
        for (int i = 0; i < GoldenImages.file(name).length; i++) {
            var file = GoldenImages.file(name);
            file[i] ^= 4;
            assertThatThrownBy(() -> ImageDecoder.decode(file, name, ImageDecoding.STRICT)).as("byte %d", i).isInstanceOf(UserError.class);
        }
    }

    @Test
    void transparencyIsDroppedOrOverWhiteOrBlack() {
        var file = GoldenImages.file("rgba8.png");
        var white = ImageDecoder.decode(file, "x", ImageDecoding.STRICT);
        var black = ImageDecoder.decode(file, "x", new ImageDecoding(ImageDecoding.Alpha.BLACK, true, true));
        var dropped = ImageDecoder.decode(file, "x", ImageDecoding.REFERENCE);
        for (int i = 0; i < white.rgb().length; i++) {
            int over = white.rgb()[i] & 255, under = black.rgb()[i] & 255;
            assertThat(dropped.rgb()[i] & 255).isBetween(under, over);
        }
        assertThat(white.rgb()).isNotEqualTo(black.rgb());
    }

    @Test
    void theContentSaysWhatAFileIs() {
        assertThat(ImageDecoder.decode(GoldenImages.file("rgb8.png"), "a.jpg", ImageDecoding.STRICT).width()).isEqualTo(13);
        refused(new byte[0], "empty");
        refused("A cat on a mat.\n".getBytes(StandardCharsets.UTF_8), "a text");
        refused("<!DOCTYPE html><html></html>".getBytes(StandardCharsets.UTF_8), "a web page");
        refused("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".getBytes(StandardCharsets.UTF_8), "git lfs pull");
        refused("\0\0\0\34ftypavif\0\0\0\0avifmif1".getBytes(StandardCharsets.ISO_8859_1), "AVIF");
        refused("\0\0\0\34ftypavis\0\0\0\0avifmif1".getBytes(StandardCharsets.ISO_8859_1), "AVIF");
        refused("\0\0\0\34ftypheic\0\0\0\0mif1heic".getBytes(StandardCharsets.ISO_8859_1), "Convert it to PNG or JPEG");
        refused("\0\0\0\34ftypmif1\0\0\0\0mif1heic".getBytes(StandardCharsets.ISO_8859_1), "HEIC");
        refused("\0\0\0\fJXL \r\n".getBytes(StandardCharsets.ISO_8859_1), "JPEG XL");
    }

    private static void refused(byte[] file, String why) {
        assertThatThrownBy(() -> ImageDecoder.decode(file, "a.jpg", ImageDecoding.STRICT)).isInstanceOf(UserError.class)
                .hasMessageStartingWith("a.jpg: ").hasMessageContaining(why);
        assertThatThrownBy(() -> ImageDecoder.size(file, "a.jpg", ImageDecoding.STRICT)).isInstanceOf(UserError.class)
                .hasMessageContaining(why);
    }

    @Test
    void anAbsurdSizeIsRefusedByTheHeader() {
        var png = big("rgb8.png");
        png.putInt(16, 20_000).putInt(20, 20_000);
        refused(png.array(), "20000 x 20000 pixels, and at most 178956970 are decoded. Make it smaller");
        assertThatThrownBy(() -> ImageDecoder.decode(png.array(), "a.png", ImageDecoding.STRICT)).as("one remedy")
                .hasMessageEndingWith("Make it smaller");
        refused(png.putInt(16, -1).putInt(20, -1).array(), "4294967295 x 4294967295 pixels");
        refused(png.putInt(16, 0).array(), "0 x 4294967295 pixels");
        var gif = little("plain.gif").putShort(6, (short) -1).putShort(8, (short) -1);
        refused(gif.array(), "65535 x 65535 pixels");
        var frame = little("plain.gif");
        int at = indexOf(frame.array(), (byte) 0x2c);
        refused(frame.putShort(at + 5, (short) -1).putShort(at + 7, (short) -1).array(), "65535 x 65535 pixels");
        refused(little("frame_on_canvas.webp").putInt(24, -1).putShort(28, (short) -1).array(), "16777216 x 16777216 pixels");
        refused(little("lossless.webp").putInt(21, -1 >>> 4).array(), "16384 x 16384 pixels");
        refused(little("lossy.webp").putInt(26, 0x3fff3fff).array(), "16383 x 16383 pixels");
        refused(little("rgb.bmp").putInt(18, Integer.MAX_VALUE).putInt(22, Integer.MIN_VALUE).array(), "2147483647 x 2147483648 pixels");
        refused(little("rgb.bmp").putInt(18, -5).array(), "-5 x 9 pixels");
        var jpeg = big("420.jpg");
        int size = sizeOfFrame(jpeg);
        refused(jpeg.putShort(size, (short) -1).putShort(size + 2, (short) -1).array(), "65535 x 65535 pixels");
        refused(jpeg.putShort(size, (short) 0).array(), "65535 x 0 pixels");
        var tiff = tag(little("rgb_raw.tif"), 256, 100_000);
        refused(tag(tiff, 257, 100_000).array(), "100000 x 100000 pixels");
    }

    /// Within the limit, yet more than any packing gets out of so few bytes.
    @Test
    void aSizeThatTheFileCannotHoldIsNotTried() {
        assertThat(ImageDecoder.size(big("rgb8.png").putInt(16, 10_000).putInt(20, 10_000).array(), "x", ImageDecoding.STRICT))
                .isEqualTo(new ImageSize(10_000, 10_000));
        var jpeg = big("420.jpg");
        int size = sizeOfFrame(jpeg);
        jpeg.putShort(size, (short) 10_000).putShort(size + 2, (short) 10_000);
        assertThatThrownBy(() -> ImageDecoder.decode(jpeg.array(), "x", ImageDecoding.STRICT)).isInstanceOf(UserError.class)
                .hasMessageContaining("fewer pixels than it says");
    }

    private static ByteBuffer big(String name) { return ByteBuffer.wrap(GoldenImages.file(name)); }

    private static ByteBuffer little(String name) { return big(name).order(ByteOrder.LITTLE_ENDIAN); }

    private static int indexOf(byte[] file, byte value) {
        int at = 13 + 3 * (2 << (file[10] & 7));
        while (file[at] != value) {
            at++;
        }
        return at;
    }

    private static int sizeOfFrame(ByteBuffer jpeg) {
        int at = 2;
        while ((jpeg.get(at + 1) & 0xff) != 0xc0) {
            at += 2 + jpeg.getShort(at + 2);
        }
        return at + 5;
    }

    /// Another number for a tag with one value.
    private static ByteBuffer tag(ByteBuffer tiff, int tag, int value) {
        int at = tiff.getInt(4) + 2;
        while (tiff.getShort(at) != tag) {
            at += 12;
        }
        return tiff.putShort(at + 2, (short) 4).putInt(at + 8, value);
    }

    @Test
    void aJpegWithDamageInsideIsRefused() {
        for (var name : new String[] {"420.jpg", "restarts.jpg", "cmyk.jpg"}) {
            var file = GoldenImages.file(name);
            var end = ByteBuffer.allocate(file.length - 60).put(file, 0, file.length - 62).put((byte) -1).put((byte) 0xd9).array();
            assertThat(ImageDecoder.decode(end, name, ImageDecoding.REFERENCE)).hasToString(
                    ImageDecoder.decode(file, name, ImageDecoding.REFERENCE).toString());
            assertThatThrownBy(() -> ImageDecoder.decode(end, name, ImageDecoding.STRICT)).as(name).isInstanceOf(UserError.class)
                    .hasMessageContaining("not whole");
        }
    }

    /// A damaged lossless WebP, whose decoder would read zeros after its end for each of its pixels.
    @Test
    void aWebpThatEndsInsideItsPixelsIsRefusedAtOnce() {
        var header = new byte[] {'R', 'I', 'F', 'F', 18, 0, 0, 0, 'W', 'E', 'B', 'P', 'V', 'P', '8', 'L', 6, 0, 0, 0};
        var file = ByteBuffer.allocate(26).order(ByteOrder.LITTLE_ENDIAN).put(header).put((byte) 0x2f).putInt(3999 | 3999 << 14)
                .put((byte) 0x4c);
        assertTimeout(Duration.ofSeconds(20),
                () -> assertThatThrownBy(() -> ImageDecoder.decode(file.array(), "x", ImageDecoding.STRICT)).isInstanceOf(UserError.class));
    }

    @Test
    void aProgressiveJpegWithoutItsLastScanIsRefused() {
        var file = GoldenImages.file("progressive.jpg");
        int last = file.length - 2;
        while ((file[last] & 0xff) != 0xff || (file[last + 1] & 0xff) != 0xda) {
            last--;
        }
        var cut = ByteBuffer.allocate(last + 2).put(file, 0, last).put((byte) -1).put((byte) 0xd9).array();
        assertThatThrownBy(() -> ImageDecoder.decode(cut, "x", ImageDecoding.STRICT)).isInstanceOf(UserError.class)
                .hasMessageContaining("some of its scans are missing");
    }

    @Test
    void namesOfImagesAreKnownInAnyCase() {
        assertThat(Stream.of("a.jpg", "A.JPEG", "b.Png", "ü.webp", "x.y.GIF", "c.tif", "d.avif", "e.HEIC"))
                .allMatch(ImageDecoder::isImageName);
        assertThat(Stream.of("a.txt", "jpg", "a.jpg.txt", "", ".", "metadata.jsonl", "a.")).noneMatch(ImageDecoder::isImageName);
    }
}
