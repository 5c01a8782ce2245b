package dev.fusedit.trainer.eval.blocks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// A checker that shared code with the drawing would share its mistakes.
class IndependenceTest {
    @Test
    void theCheckerKnowsOnlyThePaletteAndTheClaims() throws IOException {
        try (var files = Files.list(Path.of("src/main/java/dev/fusedit/trainer/eval/blocks"))) {
            var sources = files.filter(file -> file.toString().endsWith(".java")).toList();
            assertThat(sources).hasSizeGreaterThan(10);
            for (var source : sources)
                assertThat(Files.readAllLines(source).stream().filter(line -> line.startsWith("import dev.fusedit.trainer.data.blocks.")))
                        .as(source.toString())
                        .allMatch(line -> line.matches(
                                "import dev\\.fusedit\\.trainer\\.data\\.blocks\\.(BlockColor|BlockShape|Claim|Kind|Relation|Thing);"));
        }
    }
}
