package dev.fusedit.trainer.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.trainer.model.SavedModel;
import dev.fusedit.trainer.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncoderMemoryTest {
    private static final Path DINO = Path.of("../fusion/src/test/resources/goldens/dinov2/plain");

    @TempDir
    private Path folder;

    private static long sampling(String... settings) {
        return Plan.of(Recipe.find("tests/minimal", List.of(settings))).stages().getLast().memory().sampling();
    }

    @Test
    void anEncoderOfAnEvaluationIsPlanned() throws IOException {
        var suites = "evaluation.progress={suites: [diversity], dino: %s}".formatted(folder);
        assertThat(sampling("evaluation.every=5", suites)).as("not there: planned without").isEqualTo(sampling());
        Files.copy(DINO.resolve("config.json"), folder.resolve("config.json"));
        Files.copy(DINO.resolve("weights.safetensors"), folder.resolve("model.safetensors"));
        long weights = 4 * SavedModel.parameters(folder.resolve("model.safetensors"));
        assertThat(sampling("evaluation.every=5", suites)).isGreaterThan(weights).isGreaterThan(sampling());
        assertThat(sampling("evaluation.every=5")).isEqualTo(sampling());
    }
}
