package dev.fusedit.fusion.parity;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.NoTensorLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(NoTensorLeaks.class)
class CheckpointsCaseTest {
    private static final Path GOLDENS = Path.of("../native-bindings/src/test/resources/goldens/checkpoints");

    @Test
    void everyFileIsAsStated() {
        var result = Parity.run(List.of(GOLDENS)).cases().getFirst();
        assertThat(result.passed()).as("%s", result).isTrue();
        assertThat(result.unchecked()).isEmpty();
        assertThat(result.checked()).isGreaterThan(100);
    }

    /// What the case says of itself is worth what it says of a wrong statement.
    @Test
    void theVerdictOnEachCorruptFileIsChecked(@TempDir Path folder) throws IOException {
        copy(GOLDENS, folder);
        var file = folder.resolve("expected.json");
        var stated = (ObjectNode) new ObjectMapper().readTree(Files.readString(file));
        var corrupt = stated.path("corrupt").properties().stream().filter(entry -> entry.getValue().path("loads").isBoolean()
                && entry.getValue().path("same_values").asBoolean(true)).toList();
        assertThat(corrupt).hasSizeGreaterThan(30);
        for (var entry : corrupt) {
            var verdict = (ObjectNode) entry.getValue();
            boolean loads = verdict.path("loads").booleanValue();
            Files.writeString(file, withLoads(stated, verdict, !loads));
            var result = Parity.run(List.of(folder)).cases().getFirst();
            assertThat(result.passed()).as(entry.getKey()).isFalse();
            assertThat(result.beyond()).as(entry.getKey()).containsExactly("corrupt/" + entry.getKey());
            withLoads(stated, verdict, loads);
        }
    }

    private static String withLoads(ObjectNode stated, ObjectNode verdict, boolean loads) {
        verdict.put("loads", loads);
        return stated.toString();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"\"step\": 1234|\"step\": 1235|nested.pt: step",
        "\"lr\": 0.0001|\"lr\": 0.0002|nested.pt: optimizer.param_groups[0].lr",
        "\"note\": \"text\"|\"note\": \"test\"|nested.pt: note", "\"dtype\": \"bfloat16\"|\"dtype\": \"float16\"|nested.pt: kind of w_bf16",
        "\"loads\": false, \"python_error\": \"EOFError: \"|\"loads\": true|corrupt/empty.pt"})
    void changedStatementFails(String stated, String other, String fact, @TempDir Path folder) throws IOException {
        copy(GOLDENS, folder);
        var json = folder.resolve("expected.json");
        Files.writeString(json, Files.readString(json).replaceAll("\\s+", " ").replace(stated, other));
        var result = Parity.run(List.of(folder)).cases().getFirst();
        assertThat(result.passed()).isFalse();
        assertThat(result.worst().tensor().replace("nested_legacy", "nested")).isEqualTo(fact);
    }

    private static void copy(Path from, Path to) throws IOException {
        try (var files = Files.walk(from)) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                var target = to.resolve(from.relativize(file).toString());
                Files.createDirectories(target.getParent());
                Files.copy(file, target);
            }
        }
    }
}
