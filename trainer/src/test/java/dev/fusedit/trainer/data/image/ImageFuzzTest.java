package dev.fusedit.trainer.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.fusedit.torch.UserError;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// Any bytes are an image, or are refused by a [UserError] that names the file.
class ImageFuzzTest {
    private static final String NAME = "fuzzed.jpg";

    /// Larger images, which a few bytes can promise, take long; that their size is bounded is another test.
    private static final long MOST_PIXELS = 1 << 20;
    private static final int CHANGED = 8;

    /// Each golden file, and the same with some bytes changed.
    static Stream<byte[]> seeds() {
        return GoldenImages.names().stream().flatMap(name -> IntStream.rangeClosed(0, CHANGED).mapToObj(seed -> {
            var file = GoldenImages.file(name);
            var random = new Random(31L * name.hashCode() + seed);
            for (int i = 0; i < seed; i++) {
                file[random.nextInt(i % 2 == 0 ? file.length : Math.min(file.length, 120))] =
                        (byte) (random.nextBoolean() ? -1 : random.nextInt());
            }
            return file;
        }));
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void anyBytes(byte[] data) {
        for (var how : new ImageDecoding[] {ImageDecoding.STRICT, ImageDecoding.REFERENCE}) {
            try {
                var size = ImageDecoder.size(data, NAME, how);
                assertThat(size.pixels()).isBetween(1L, ImageSize.MOST_PIXELS);
                if (size.pixels() > MOST_PIXELS) return;
                var image = ImageDecoder.decode(data, NAME, how);
                assertThat(new ImageSize(image.width(), image.height())).isEqualTo(size);
            } catch (UserError e) {
                assertThat(e).hasMessageStartingWith(NAME + ": ").hasMessageNotContaining("memory");
            }
        }
    }
}
