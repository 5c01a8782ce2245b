package dev.fusedit.trainer.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(NoTensorLeaks.class)
class PillowResizeTest {
    @ParameterizedTest
    @EnumSource(Filter.class)
    void everyBitIsPillows(Filter filter) {
        for (var size : new int[][] {{1, 1}, {7, 5}, {10, 29}, {31, 17}, {31, 9}, {40, 17}, {97, 61}, {13, 64}}) {
            same("resize", filter, size[0], size[1]);
        }
    }

    /// The cubic overshoots at hard edges, below 0 and above 255.
    @ParameterizedTest
    @CsvSource({"5,4", "50,47", "23,7"})
    void whatOvershootsIsClamped(int width, int height) { same("checks", Filter.BICUBIC, width, height); }

    private static void same(String source, Filter filter, int width, int height) {
        var expected = GoldenImages.expected("%s/%s_%dx%d".formatted(source, filter.name().toLowerCase(Locale.ROOT), width, height));
        assertThat(PillowResize.resize(GoldenImages.expected(source + "/source"), width, height, filter).rgb())
                .as("%d x %d", width, height).isEqualTo(expected.rgb());
    }

    @Test
    void aMirrorImageTwiceIsTheImage() {
        var image = GoldenImages.expected("resize/source");
        assertThat(image.flipped().flipped().rgb()).isEqualTo(image.rgb());
        assertThat(new RgbImage(2, 1, new byte[] {1, 2, 3, 4, 5, 6}).flipped().rgb()).containsExactly(4, 5, 6, 1, 2, 3);
    }
}
