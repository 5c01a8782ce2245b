package dev.fusedit.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.study.StudyFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// Any text is a recipe (a study, a configuration of the paper's code), which is written and read back as itself, or is refused by a
/// [UserError] that names the file.
class RecipeFuzzTest {
    private static final Path RECIPES = Path.of("..", "recipes");
    private static final String FILE = "fuzzed.yaml";

    /// Texts that YAML reads in more than one way.
    private static final List<String> ODD = List.of("", "\t", "a: &b [*b]", "<<: {a: 1}", "? [a]\n: b", "--- !!x\n...\n---", "run: |\n  a",
            "[".repeat(100), "{a: ".repeat(100), "- a\n-", "run: {name: 0x1F, seed: 1_000, seed: 0o7}", "\u0000", "\ufeffrun: {}",
            "run: \"\\ud800\"",
            "%YAML 9.9\n---\na", "run: !!binary aGk=", "stages: {1: {}, null: {}, [a]: {}}", "run: 1e999", "~: ~");

    private static byte[] file(Path file) {
        try {
            return Files.readAllBytes(RECIPES.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Stream<byte[]> with(Stream<byte[]> whole) {
        return Stream.concat(whole, ODD.stream().map(text -> text.getBytes(StandardCharsets.UTF_8)));
    }

    static Stream<byte[]> recipes() {
        return with(Stream.of("quickstart.yaml", "staged.yaml", "emoji.yaml", "gemma3-270m.yaml", "tests/tiny.yaml", "tests/minimal.yaml",
                "paper/clip-mod.yaml").map(Path::of).map(RecipeFuzzTest::file));
    }

    static Stream<byte[]> studies() {
        return with(Stream.of("studies/fusion.yaml", "studies/layers.yaml", "studies/gemma.yaml").map(Path::of).map(RecipeFuzzTest::file));
    }

    static Stream<byte[]> references() { return with(ReferenceRecipeTest.yamls().map(text -> text.getBytes(StandardCharsets.UTF_8))); }

    @MethodSource("recipes")
    @FuzzTest(maxDuration = "5m")
    void anyRecipe(byte[] data) {
        try {
            var recipe = Recipe.parse(text(data), FILE, List.of());
            assertThat(Recipe.parse(recipe.canonical(), FILE, List.of())).isEqualTo(recipe);
        } catch (UserError e) {
            assertThat(e).hasMessageStartingWith("recipe " + FILE);
        }
    }

    @MethodSource("studies")
    @FuzzTest(maxDuration = "5m")
    void anyStudy(byte[] data) {
        try {
            var study = StudyFile.parse(text(data), FILE);
            assertThat(StudyFile.parse(study.canonical(), FILE)).isEqualTo(study);
        } catch (UserError e) {
            assertThat(e).hasMessageStartingWith("study " + FILE);
        }
    }

    @MethodSource("references")
    @FuzzTest(maxDuration = "5m")
    void anyReference(byte[] data) {
        try {
            var recipe = ReferenceRecipe.parse(text(data), FILE, List.of()).recipe();
            assertThat(Recipe.parse(recipe.canonical(), FILE, List.of())).isEqualTo(recipe);
        } catch (UserError e) {
            assertThat(e).hasMessageStartingWith("reference config " + FILE);
        }
    }

    private static String text(byte[] data) { return new String(data, StandardCharsets.UTF_8); }
}
