package dev.fusedit.trainer.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class WholeParityTest {
    private static final Path GOLDENS = Path.of("../fusion/src/test/resources/goldens");

    @ParameterizedTest
    @ValueSource(strings = {"lr", "metrics", "image", "image_cmyk"})
    void caseAgreesWithTheReference(String name) {
        var result = WholeParity.run(List.of(GOLDENS.resolve(name)), Map.of(), Device.CPU).cases().getFirst();
        assertThat(result.skipped()).isNull();
        assertThat(result.unchecked()).isEmpty();
        assertThat(result.passed()).as("%s", result.worst()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"lr|lr.json|9.8e-05|9.80001e-05|linear (case 1)",
        "metrics|expected.json|36.60303125016303|36.6031|frechet.value", "metrics|expected.json|5.66817096|5.66827096|diversity.vendi.few",
        "metrics|expected.json|\"correct_prompts_any\": 0.95454|\"correct_prompts_any\": 0.95455|geneval.correct_prompts_any",
        "metrics|expected.json|\"score_x100\": 54.16|\"score_x100\": 54.17|dpg.score_x100"})
    void aChangedNumberFails(String name, String file, String number, String other, String worst, @TempDir Path folder) throws IOException {
        try (var files = Files.list(GOLDENS.resolve(name))) {
            for (var path : files.toList()) {
                Files.copy(path, folder.resolve(path.getFileName()));
            }
        }
        var text = Files.readString(folder.resolve(file));
        assertThat(text).contains(number);
        Files.writeString(folder.resolve(file), text.replaceFirst(Pattern.quote(number), other));
        var result = WholeParity.run(List.of(folder), Map.of(), Device.CPU).cases().getFirst();
        assertThat(result.passed()).isFalse();
        assertThat(result.worst().tensor()).isEqualTo(worst);
    }

    @Test
    void modelsAreComparedToo() {
        assertThat(WholeParity.run(List.of(GOLDENS.resolve("scheduler")), Map.of(), Device.CPU).passed()).isTrue();
    }
}
