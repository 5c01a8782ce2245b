package dev.fusedit.trainer.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.image.TurboJpeg;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What libjpeg-turbo makes of a file is what the JDK's reader makes of it. On systems that have it.
@ExtendWith(NoTensorLeaks.class)
class TurboJpegTest {
    static Stream<String> names() { return GoldenImages.names().stream().filter(name -> name.endsWith(".jpg")); }

    @Test
    void usualFilesAreLeftToIt() throws BadImage {
        for (var name : new String[] {"420.jpg", "progressive.jpg", "grey.jpg", "exif_alone_444.jpg", "restarts.jpg"})
            assertThat(JpegFile.of(GoldenImages.file(name)).isForTurbo()).as(name).isTrue();
        for (var name : new String[] {"cmyk.jpg", "ycck.jpg", "rgb_adobe.jpg"})
            assertThat(JpegFile.of(GoldenImages.file(name)).isForTurbo()).as(name).isFalse();
    }

    @ParameterizedTest
    @MethodSource("names")
    void goldenFilesHaveTheSameBits(String name) throws IOException { assertSame(GoldenImages.file(name), name); }

    /// Of odd sizes too, where colours in halves have no neighbours.
    @Test
    void imagesOfEverySizeHaveTheSameBits() throws IOException {
        var random = new Random(3);
        for (int trial = 0; trial < 200; trial++) {
            int width = 1 + random.nextInt(trial < 100 ? 40 : 200), height = 1 + random.nextInt(40);
            var rgb = new byte[3 * width * height];
            random.nextBytes(rgb);
            for (int i = 3; i < rgb.length; i++) rgb[i] = (byte) ((rgb[i] & 255) / 8 + (rgb[i - 3] & 255) * 7 / 8);
            assertSame(JpegEncoder.encode(new RgbImage(width, height, rgb), 1 + random.nextInt(100)), "%d x %d".formatted(width, height));
        }
    }

    /// What is complained of is read by the JDK's reader.
    @ParameterizedTest
    @MethodSource("names")
    void cutFilesComeOutTheSame(String name) throws IOException {
        var random = new Random(name.hashCode());
        for (int trial = 0; trial < 40; trial++) {
            var file = GoldenImages.file(name);
            assertSame(Arrays.copyOf(file, file.length / 2 + random.nextInt(file.length / 2)), name + ", trial " + trial);
        }
    }

    @Test
    void writtenFilesHaveTheSameBytes() {
        assumeTrue(TurboJpeg.ofSystem().isPresent(), "no libturbojpeg is here");
        var random = new Random(4);
        int agree = 0;
        for (int quality = 1; quality <= 100; quality++) {
            int width = 1 + random.nextInt(90), height = 1 + random.nextInt(90);
            var rgb = new byte[3 * width * height];
            for (int i = 3; i < rgb.length; i++) rgb[i] = (byte) ((rgb[i - 3] & 255) + random.nextInt(-30, 31));
            var image = new RgbImage(width, height, rgb);
            assertThat(JpegEncoder.encode(image, quality)).as("quality %d", quality).isEqualTo(JpegEncoder.byJdk(image, quality));
            if (Arrays.equals(JpegEncoder.turbo(image, quality).orElseThrow(), JpegEncoder.byJdk(image, quality))) agree++;
        }
        assertThat(agree).as("qualities at which libjpeg-turbo is used").isGreaterThan(50);
    }

    private static void assertSame(byte[] file, String name) throws IOException {
        var turbo = TurboJpeg.ofSystem();
        assumeTrue(turbo.isPresent(), "no libturbojpeg is here");
        var jpeg = jpeg(file);
        if (jpeg.isEmpty() || !jpeg.get().isForTurbo()) return;
        var theirs = read(jpeg.get(), turbo);
        var own = read(jpeg.get(), Optional.empty());
        assertThat(theirs.map(RgbImage::toString)).as(name).isEqualTo(own.map(RgbImage::toString));
        if (own.isPresent()) assertThat(theirs.get().rgb()).as(name).isEqualTo(own.get().rgb());
    }

    private static Optional<JpegFile> jpeg(byte[] file) {
        try {
            return Optional.of(JpegFile.of(file));
        } catch (BadImage | IndexOutOfBoundsException _) {
            return Optional.empty();
        }
    }

    private static Optional<RgbImage> read(JpegFile file, Optional<TurboJpeg> turbo) {
        try {
            return Optional.of(file.read(ImageDecoding.REFERENCE, _ -> {}, turbo));
        } catch (IOException | RuntimeException _) {
            return Optional.empty();
        }
    }
}
