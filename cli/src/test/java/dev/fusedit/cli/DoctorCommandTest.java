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
        assertThat(json.fieldNames()).toIterable().containsExactly("ok", "jdk", "libtorch", "cpu", "cores", "memory", "threads",
                "precision", "lanes", "devices", "problems");
        assertThat(json.get("precision").get("choice").textValue()).isIn("f32", "bf16");
        assertThat(json.get("precision").get("rates").fieldNames()).toIterable().containsExactly("f32", "bf16");
        assertThat(json.get("precision").get("rates")).allSatisfy(rate -> assertThat(rate.doubleValue()).isPositive());
        assertThat(json.get("lanes").intValue()).isBetween(1, json.get("threads").intValue());
        assertThat(json.get("ok").booleanValue()).isTrue();
        assertThat(json.get("libtorch").fieldNames()).toIterable().containsExactly("version", "path", "source");
        assertThat(json.get("cpu").fieldNames()).toIterable().containsExactly("name", "avx2", "avx512", "bf16", "amx");
        assertThat(json.get("cores").get("allowed").intValue()).isBetween(1, json.get("cores").get("all").intValue());
        assertThat(json.get("memory").fieldNames()).toIterable().containsExactly("total_mib", "allowed_mib", "available_mib", "of");
        assertThat(json.get("memory").get("available_mib").longValue()).isBetween(1L, json.get("memory").get("allowed_mib").longValue());
        assertThat(json.get("threads").intValue()).isPositive();
        assertThat(json.get("devices").get(0).get("device").textValue()).isEqualTo("cpu");
        assertThat(json.get("problems")).isEmpty();
    }

    @Test
    void textNamesTheCpuAndWhatIsAllowed() {
        var out = new StringWriter();
        assertThat(Main.run(new String[] {"doctor"}, new PrintWriter(out, true), new PrintWriter(System.err))).isZero();
        assertThat(out.toString()).containsPattern("(?m)^CPU +\\S.*$").containsPattern("(?m)^cores +\\d+ allowed of \\d+$")
                .containsPattern("(?m)^memory +[\\d,]+ MiB allowed of [\\d,]+, [\\d,]+ of \\S.* available$");
    }

    @Test
    void cpusAreToldByWhatTheyCan() {
        assertThat(new Checkup.CpuFeatures("AMD EPYC 7B12", true, false, false, false))
                .hasToString("AMD EPYC 7B12 with AVX2 (without bf16)");
        assertThat(new Checkup.CpuFeatures("Xeon", true, true, true, true)).hasToString("Xeon with AVX2, AVX-512, bf16, AMX");
        assertThat(new Checkup.CpuFeatures("aarch64", false, false, false, false)).hasToString("aarch64 (without bf16)");
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
