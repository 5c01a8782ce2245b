package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InfoCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("some.bin");
        try (var _ = TensorScope.open()) {
            SafeTensors.write(file,
                    Map.of("dit.w", Tensor.of(new float[] {1, 2}), "dit.ids", Tensor.arange(3), "llm.w", Tensor.of(new float[1500])),
                    Map.of());
        }
    }

    private int run(Object... arguments) {
        var words = java.util.stream.Stream.concat(java.util.stream.Stream.of("info"),
                java.util.Arrays.stream(arguments).map(Object::toString));
        return Main.run(words.toArray(String[]::new), new PrintWriter(out, true), new PrintWriter(err, true));
    }

    @Test
    void jsonIsAsDocumented() {
        assertThat(run(file, "--json")).isEqualTo(ExitCode.OK);
        assertThat(out).hasToString("{\"kind\":\"safetensors\",\"parameters\":1505,\"parts\":{\"dit\":5,\"llm\":1500},\"tensors\":3,"
                + "\"dtypes\":{\"f32\":2,\"i64\":1}}\n");
    }

    @Test
    void hashIsAdded() throws IOException {
        assertThat(run(file, "--json", "--hash")).isEqualTo(ExitCode.OK);
        assertThat(new ObjectMapper().readTree(out.toString()).get("sha256").textValue()).matches("[0-9a-f]{64}");
    }

    @Test
    void textIsForPeople() {
        assertThat(run(file, "--tensors")).isEqualTo(ExitCode.OK);
        assertThat(out.toString().lines()).containsExactly(file + ": safetensors, 1,505 parameters in 3 tensors", "               5  dit",
                "           1,500  llm", "stored as f32 (2), i64 (1)", "dit.ids i64(3)", "dit.w f32(2)", "llm.w f32(1500)");
    }

    @Test
    void damageIsBadInput() throws IOException {
        Files.write(file, new byte[] {1, 2, 3});
        assertThat(run(file)).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(err.toString()).startsWith(file + ": is none of the formats that are read").doesNotContain("debug");
        assertThat(run(folder.resolve("absent.pt"))).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(err.toString()).endsWith("absent.pt: no such file\n");
    }
}
