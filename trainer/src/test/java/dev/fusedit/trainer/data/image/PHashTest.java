package dev.fusedit.trainer.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Against `imagehash.phash` of ImageHash 4.3.2 (src/test/python/phash_goldens.py).
class PHashTest {
    /// Where decoders differ by a step or two, a coefficient next to the median may change sides.
    private static final int LOSSY_BITS = 2;

    static Stream<String> lines() throws IOException {
        try (var in = Objects.requireNonNull(PHashTest.class.getResourceAsStream("/goldens/images/phash.txt"));
                var reader = new InputStreamReader(in, StandardCharsets.UTF_8)) {
            return reader.readAllAsString().lines().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("lines")
    void theHashIsImagehashs(String line) {
        var name = line.substring(0, line.indexOf(' '));
        var expected = PHash.parse(line.substring(name.length() + 1)).orElseThrow();
        var hash = PHash.of(ImageDecoder.decode(GoldenImages.file(name), name, ImageDecoding.REFERENCE));
        boolean lossy = name.endsWith(".jpg") || name.contains("_jpeg") || name.startsWith("lossy");
        assertThat(PHash.distance(hash, expected)).as(PHash.hex(hash)).isLessThanOrEqualTo(lossy ? LOSSY_BITS : 0);
    }

    @Test
    void hexadecimalDigitsAreReadBack() {
        assertThat(PHash.hex(PHash.parse("0fe90c24f1d9c674").orElseThrow())).isEqualTo("0fe90c24f1d9c674");
        assertThat(PHash.parse("0fe90c24f1d9c67")).isEmpty();
        assertThat(PHash.parse("zfe90c24f1d9c674")).isEmpty();
        assertThat(PHash.distance(0b1011, 0b0010)).isEqualTo(2);
    }

    @Test
    void anEncodedImageLooksTheSame() {
        var image = ImageDecoder.decode(GoldenImages.file("rgb8.png"), "rgb8.png", ImageDecoding.STRICT);
        var jpeg = JpegEncoder.encode(image, 95);
        assertThat(jpeg).isEqualTo(JpegEncoder.encode(image, 95)).hasSizeGreaterThan(JpegEncoder.encode(image, 30).length);
        var again = ImageDecoder.decode(jpeg, "again", ImageDecoding.STRICT);
        assertThat(again.toString()).isEqualTo(image.toString());
        assertThat(PHash.distance(PHash.of(again), PHash.of(image))).isLessThanOrEqualTo(6);
    }
}
