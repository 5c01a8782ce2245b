package dev.fusedit.trainer.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.MixedBatches;
import dev.fusedit.trainer.data.shards.ShardSettings;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnImagesTest {
    private final List<String> said = new ArrayList<>();

    @TempDir
    private Path temp;

    @BeforeEach
    void twoSets() throws IOException {
        for (int i = 0; i < 4; i++) image("one/" + i, i, "of one, number " + i);
        for (int i = 0; i < 8; i++) image("two/" + i, 10 + i, i == 2 ? " " : "of two");
    }

    private void image(String name, int look, String caption) throws IOException {
        var file = temp.resolve(name + ".png");
        Files.createDirectories(file.getParent());
        var rgb = new byte[3 * 32 * 32];
        new Random(look).nextBytes(rgb);
        Files.write(file, new PngImage(32, 32, rgb).png());
        Files.writeString(temp.resolve(name + ".txt"), caption);
    }

    private Batches open(String data, String... settings) {
        var all = new ArrayList<>(List.of("data=" + data, "evaluation.sets=[]", "model.llm.tokenizer=bytes", "model.llm.max_tokens=8"));
        all.addAll(List.of(settings));
        var recipe = Recipe.find("tests/minimal", all);
        return RecipeData.open(recipe, RecipeTokenizers.of(recipe), ShardSettings.Pipes.REFUSED, temp.resolve("errors.jsonl"), said::add);
    }

    private String source(String name, String more) {
        return "{kind: folder, path: '%s', image_size: 32%s}".formatted(temp.resolve(name), more);
    }

    private String mixture(String more) {
        return "{kind: mix, sources: [{name: first, data: %s}, {name: second, weight: 2, data: %s}]}".formatted(source("one", ""),
                source("two", more));
    }

    @Test
    void captionsAreCountedBeforeTheFirstStep() throws IOException {
        Files.writeString(temp.resolve("more.csv"), "key,long\n0.png,a long one\n1.png, \n");
        open(source("one", ", captions: [{field: long, share: 3}, {field: text}], captions_from: {file: '" + temp.resolve("more.csv")
                + "'}")).close();
        assertThat(said).containsExactly(temp.resolve("one") + ": 4 images with captions",
                temp.resolve("more.csv") + ": captions long for 2 of 4 images; 2 have none there", "captions 'long': 1, 1 blank, 2 missing",
                "captions 'text': 4", "4 captions are longer than the 8 tokens that are read, and are cut");
    }

    @Test
    void aMixtureTellsOfEachSource() throws IOException {
        try (var batches = open(mixture(", errors: {stop_above: 0.2}"))) {
            assertThat(said).contains("first, " + temp.resolve("one") + ": 4 images with captions",
                    "second, " + temp.resolve("two") + ": 7 images with captions", "first: 4 of the 11 images of an epoch",
                    "second: 7 of the 11 images of an epoch");
            assertThat(temp.resolve("errors.jsonl")).content().contains("\"sample\":\"second/2.png\",\"cause\":\"empty-caption\"");
            assertThat(DataMark.of(batches)).hasValueSatisfying(mark -> assertThat(mark.samples()).isEqualTo(11));
        }
        try (var other = open(mixture(", errors: {stop_above: 0.2}"));
                var changed = open("{kind: mix, sources: [{name: first, data: "
                        + source("one", "") + "}]}")) {
            assertThat(DataMark.of(other)).isNotEqualTo(DataMark.of(changed));
        }
        assertThatThrownBy(() -> open(mixture(""))).isInstanceOf(UserError.class)
                .hasMessageContaining("more than data.sources.second.data.errors.stop_above allows (0.05)");
    }

    @Test
    void whatGoesBadLaterIsNamedByItsSource() throws IOException {
        try (var batches = open(mixture(", errors: {stop_above: 0.3}"))) {
            said.clear();
            for (int i : new int[] {0, 5}) Files.write(temp.resolve("two/" + i + ".png"), new byte[0]);
            assertThatThrownBy(() -> {
                for (int i = 0; i < 22; i++) batches.sample(i, ImageSize.square(32));
            }).isInstanceOf(UserError.class).hasMessageContaining("data.sources.second.data.errors.stop_above", "second/");
            assertThat(said).hasSize(2).allMatch(line -> line.startsWith("second/"));
            assertThat(Files.readAllLines(temp.resolve("errors.jsonl"))).hasSize(3);
        }
    }

    @Test
    void weightsThatLeaveASourceOutAreRefused() {
        assertThatThrownBy(() -> open(mixture(", errors: {stop_above: 0.3}"), "data.sources.first.weight=0.0001"))
                .isInstanceOf(UserError.class).hasMessageContaining("data.sources.first.weight: none of the 11 images of an epoch");
        try (var batches = open(mixture(", errors: {stop_above: 0.3}"), "data.samples=3000")) {
            assertThat(((MixedBatches) batches).counts()).containsExactly(1000L, 2000L);
        }
    }

    @Test
    void whatIsWrongWithAMixtureIsSaidAtOnce() {
        assertThatThrownBy(() -> open("{kind: mix, sources: [{name: a, data: %s}, {name: a, data: %s}]}".formatted(source("one", ""),
                source("two", "")))).isInstanceOf(UserError.class)
                .hasMessageContaining("'sources.a' in 'data' must not be the name of two sources");
        assertThatThrownBy(() -> open("{kind: mix, sources: [{name: a, data: %s}, {name: b, data: {kind: blocks, image_size: 64}}]}"
                .formatted(source("one", "")))).isInstanceOf(UserError.class)
                .hasMessageContaining("must be that of the first source, 32, but is 64");
        assertThatThrownBy(() -> open("{kind: mix, sources: []}")).isInstanceOf(UserError.class)
                .hasMessageContaining("must not be empty");
    }
}
