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
        var resized = crop.resized(ramp(31, 17));
        assertThat(resized.height()).isEqualTo(10);
        assertThat(resized.width()).as("10 · 31 / 17, rounded down").isEqualTo(18);
        assertThat(crop.centre(resized)).isEqualTo(new CoverCrop.Corner(0, 4));
        assertThat(crop.crop(resized, crop.random(resized, below -> below - 1)).width()).isEqualTo(10);
        assertThat(CoverCrop.square(1).centre(ramp(4, 2))).as("1.5 and 0.5 go to the even one").isEqualTo(new CoverCrop.Corner(0, 2));
    }

    @Test
    void blackIsMinusOneAndWhiteIsOne() {
        assertThat(CoverCrop.pixels(new RgbImage(1, 2, new byte[] {0, -1, 0, -1, 0, 0}))).containsExactly(-1, 1, 1, -1, -1, -1);
    }
}
