package dev.fusedit.trainer.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ImageFilesTest {
    private static final Path FILES = Path.of("../fusion/src/test/resources/goldens/image/files");

    private static RgbImage ramp(int width, int height) {
        var rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (i * 37 % 251);
        }
        return new RgbImage(width, height, rgb);
    }

    @Test
    void aImageSurvivesItsPng() {
        var image = ramp(7, 5);
        assertThat(ImageDecoder.decode(new PngImage(7, 5, image.rgb()).png(), "x", ImageDecoding.REFERENCE).rgb()).isEqualTo(image.rgb());
    }

    @Test
    void whatIsNoImageIsTheUsersMistake() throws IOException {
        assertThatThrownBy(() -> ImageDecoder.decode(new byte[10], "a.png", ImageDecoding.REFERENCE)).isInstanceOf(UserError.class)
                .hasMessageContaining("a.png");
        var file = Files.readAllBytes(FILES.resolve("rgb_97x61.png"));
        for (int length = 0; length < file.length; length += 97) {
            var cut = Arrays.copyOf(file, length);
            assertThatThrownBy(() -> ImageDecoder.decode(cut, "cut.png", ImageDecoding.REFERENCE)).isInstanceOf(UserError.class)
                    .hasMessageContaining("cut.png");
        }
    }

    @Test
    void anEvenColourStaysWhateverTheSize() {
        var rgb = new byte[3 * 13 * 8];
        Arrays.fill(rgb, (byte) 201);
        for (int side : new int[] {1, 3, 8, 40}) {
            assertThat(PillowResize.resize(new RgbImage(13, 8, rgb), side, side + 1, Filter.BILINEAR).rgb()).containsOnly((byte) 201);
        }
    }

    @Test
    void theSameSizeIsTheSameImage() {
        assertThat(PillowResize.resize(ramp(6, 4), 6, 4, Filter.BILINEAR).rgb()).isEqualTo(ramp(6, 4).rgb());
    }

    @Test
    void theShortSideFitsAndTheCropIsInside() {
        var crop = CoverCrop.square(10);
        var image = ramp(31, 17);
        assertThat(crop.covering(image.size())).as("10 · 31 / 17, rounded down").isEqualTo(new ImageSize(18, 10));
        assertThat(crop.centre(image.size())).isEqualTo(new CoverCrop.Corner(0, 4));
        assertThat(crop.of(image, crop.random(image.size(), below -> below - 1)).size()).isEqualTo(crop.size());
        assertThat(CoverCrop.square(1).centre(new ImageSize(4, 1))).as("1.5 goes to the even one").isEqualTo(new CoverCrop.Corner(0, 2));
        assertThat(CoverCrop.square(1).centre(new ImageSize(1, 2))).as("so does 0.5").isEqualTo(new CoverCrop.Corner(0, 0));
    }

    /// 5 x 5,000 pixels are 64 x 64,000 where they cover a crop 64 wide.
    @Test
    void aVeryThinImageIsCroppedWithoutBeingResizedWhole() throws BadImage {
        var image = ramp(5, 5000);
        for (var filter : Filter.values()) {
            var crop = new CoverCrop(new ImageSize(64, 48), filter);
            var whole = PillowResize.resize(image, 64, 64_000, filter);
            assertThat(crop.covering(image.size())).isEqualTo(whole.size());
            for (int top : new int[] {0, 31_976, 64_000 - 48}) {
                assertThat(crop.of(image, new CoverCrop.Corner(top, 0)).rgb())
                        .isEqualTo(Arrays.copyOfRange(whole.rgb(), 3 * 64 * top, 3 * 64 * (top + 48)));
            }
        }
        assertThat(new CoverCrop(ImageSize.square(16_384), Filter.LANCZOS).covering(new ImageSize(10_000, 1)).pixels())
                .isEqualTo(163_840_000L * 16_384);
        assertThat(ImageSize.of(1, 10_000)).isEqualTo(new ImageSize(1, 10_000));
        assertThatThrownBy(() -> ImageSize.of(60_000, 5)).isInstanceOf(BadImage.class)
                .hasMessageContaining("60000 x 5 pixels, and images are read that are at most 10000 times as long as wide");
    }

    @Test
    void blackIsMinusOneAndWhiteIsOne() {
        assertThat(CoverCrop.pixels(new RgbImage(1, 2, new byte[] {0, -1, 0, -1, 0, 0}))).containsExactly(-1, 1, 1, -1, -1, -1);
    }
}
