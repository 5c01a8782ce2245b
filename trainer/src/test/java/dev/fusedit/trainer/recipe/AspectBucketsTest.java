package dev.fusedit.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AspectBucketsTest {
    private static Recipe recipe(String data, String... settings) {
        return Recipe.find("tests/minimal", Stream.concat(
                Stream.of("evaluation.sets=[]", "data={kind: folder, path: a, image_size: 64, %s}".formatted(data)), Stream.of(settings))
                .toList());
    }

    private static List<String> sizes(Recipe recipe) {
        return recipe.sizes(recipe.stages().getLast()).stream().map(ImageSize::word).toList();
    }

    @Test
    void sizesHaveAboutTheAreaOfTheSquare() {
        assertThat(sizes(recipe("aspect_buckets: {}"))).containsExactly("48x80", "56x72", "64x64", "72x56", "80x48");
        assertThat(sizes(recipe("aspect_buckets: area"))).isEqualTo(sizes(recipe("aspect_buckets: {max_ratio: 2}")));
        assertThat(sizes(recipe("aspect_buckets: {step: 32, max_ratio: 4}"))).containsExactly("32x128", "32x96", "64x64", "96x32",
                "128x32");
        assertThat(sizes(recipe("aspect_buckets: {max_ratio: 1}"))).containsExactly("64x64");
        assertThat(sizes(recipe("aspect_buckets: {kind: list, sizes: [32x96, 96x32, 64x64]}"))).containsExactly("32x96", "96x32", "64x64");
        assertThat(sizes(recipe("flip: 0"))).containsExactly("64x64");
    }

    /// kohya's steps of 64 come out at 512 and 1024 pixels, SDXL's sizes among them.
    @Test
    void sizesAreThoseThatOthersHave() {
        var latents = new AspectBuckets.Area(2, null);
        assertThat(latents.sizes(512, 16).stream().map(ImageSize::word)).containsExactly("384x640", "448x576", "512x512", "576x448",
                "640x384");
        assertThat(new AspectBuckets.Area(2, 64).sizes(1024, 16).stream().map(ImageSize::word)).contains("1152x896", "1216x832", "1344x768",
                "768x1344");
    }

    @ParameterizedTest
    @CsvSource({"64, 8, 2", "512, 16, 2", "1024, 16, 3", "96, 4, 2.5", "256, 32, 4", "40, 8, 2", "8, 8, 64"})
    void everySizeIsOfWholePatchesAndNoLargerThanTheSquare(int side, int patch, double ratio) {
        var sizes = new AspectBuckets.Area(ratio, null).sizes(side, patch);
        assertThat(sizes).doesNotHaveDuplicates().contains(ImageSize.square(side)).allSatisfy(size -> {
            assertThat(size.width() % patch + size.height() % patch).isZero();
            assertThat(size.pixels()).isBetween((long) side * side * 3 / 4, (long) side * side);
            assertThat(Math.max(size.aspect(), 1 / size.aspect())).isLessThanOrEqualTo(ratio);
            assertThat(sizes).as("turned").contains(new ImageSize(size.height(), size.width()));
        });
    }

    @Test
    void aStageOfAnotherResolutionHasItsOwn() {
        var recipe = recipe("aspect_buckets: {}", "stages.joint.resolution=32");
        assertThat(sizes(recipe)).containsExactly("24x40", "32x32", "40x24");
        assertThat(recipe.largestSide()).isEqualTo(80);
        assertThat(recipe.largest(recipe.stages().getLast())).isEqualTo(ImageSize.square(32));
        assertThat(recipe.tokens(recipe.stages().getLast())).isEqualTo(16);
        assertThat(recipe("aspect_buckets: {kind: list, sizes: [64x128, 32x64]}").tokens(recipe.stages().getLast())).isEqualTo(128);
    }

    @Test
    void aRecipeReadsBackAsItself() {
        var recipe = recipe("aspect_buckets: {max_ratio: 3, step: 16}, resize: bicubic, ground: black");
        var data = (Data.Images) Recipe.parse(recipe.canonical(), "r.yaml", List.of()).data();
        assertThat(data).isEqualTo(recipe.data());
        assertThat(data.resize()).isEqualTo(Filter.BICUBIC);
        assertThat(Objects.requireNonNull(data.ground())).isEqualTo(Data.Ground.BLACK);
        assertThat(recipe("flip: 0").canonical()).contains("resize: bilinear").doesNotContain("ground", "aspect_buckets");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
        aspect_buckets: {max_ratio: 0.5}                        || 'max_ratio' in 'data.aspect_buckets' must be from 1 to 64
        aspect_buckets: {step: 12}                              || 'data.aspect_buckets.step' must be a multiple of a patch's 8 pixels
        aspect_buckets: {step: 24}                              || must divide the images' side of 64 pixels
        aspect_buckets: {step: 0}                               || 'step' in 'data.aspect_buckets' must be
        aspect_buckets: {kind: list, sizes: []}                 || must be 1 to 1000
        aspect_buckets: {kind: list, sizes: [64x64, 64x64]}     || must not name one twice
        aspect_buckets: {kind: list, sizes: [64 by 64]}         || as '80x48', but has '64 by 64'
        aspect_buckets: {kind: list, sizes: [60x64]}            || must be multiples of a patch's 8 pixels, but has 60x64
        aspect_buckets: {kind: list, sizes: [999999999x999999]} || at most 536870912
        aspect_buckets: {kind: list, sizes: [32x96]}            | stages.joint.resolution=32 | 'resolution' in stage 'joint' must be left out
        aspect_buckets: {}                                      | model.positions={kind: ape, table: 8} | has 10, the table 8
        ground: black                                           | run.compatibility=reference | 'data.ground' must be left out
        resize: nearest                                         || unknown value 'nearest'
        """)
    void whatDoesNotFitIsRefused(String data, String setting, String sentence) {
        assertThatThrownBy(() -> recipe(data, setting == null ? new String[0] : new String[] {setting})).isInstanceOf(UserError.class)
                .hasMessageContaining(sentence);
    }
}
