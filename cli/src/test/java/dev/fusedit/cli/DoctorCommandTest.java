package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorCommandTest {
    @TempDir
    private Path folder;

    @Test
    void jsonHasWhatScriptsReadAndLibtorchWorks() throws IOException {
        var out = new StringWriter();
        assertThat(Main.run(new String[] {"doctor", "--json"}, new PrintWriter(out, true), new PrintWriter(System.err))).isZero();
        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertThat(json.fieldNames()).toIterable().containsExactly("ok", "jdk", "libtorch", "threads", "devices", "problems");
        assertThat(json.get("ok").booleanValue()).isTrue();
        assertThat(json.get("libtorch").fieldNames()).toIterable().containsExactly("version", "path", "source");
        assertThat(json.get("threads").intValue()).isPositive();
        assertThat(json.get("devices").get(0).get("device").textValue()).isEqualTo("cpu");
        assertThat(json.get("problems")).isEmpty();
    }

    /// In a process of its own: libtorch, or its absence, is for good.
    @Test
    void withoutLibtorchItSaysWhereItLookedAndWhatToSet() throws Exception {
        var command = new ArrayList<String>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), "dev.fusedit.cli.Main"));
        command.addAll(List.of("--libtorch", folder.toString(), "doctor", "--json"));
        var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().remove("FUSEDIT_LIBTORCH");
        var process = builder.start();
        var json = new ObjectMapper().readTree(process.getInputStream());
        assertThat(process.waitFor()).isEqualTo(3);
        assertThat(json.get("ok").booleanValue()).isFalse();
        assertThat(json.get("libtorch").isNull()).isTrue();
        assertThat(json.get("problems").get(0).textValue()).contains(folder.toString(), "FUSEDIT_LIBTORCH", "--libtorch");
    }
}
