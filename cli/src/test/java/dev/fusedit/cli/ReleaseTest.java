package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fusedit.torch.io.JsonFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The archives of `mvn -Prelease`, unpacked and run as on a machine without a JDK and without Maven.
@Tag("long")
class ReleaseTest {
    private static final Path BUILT = Path.of("target", "release").toAbsolutePath();

    private static final Map<String, String> ALONE = Map.of("PATH", "", "JAVA_HOME", "");

    @TempDir
    private Path folder;

    /// In a folder of its own, beside the build that runs this test. Javadoc has a build of its own.
    @BeforeAll
    static void build() throws Exception {
        run(Path.of("..").toRealPath(), Map.of("JAVA_HOME", System.getProperty("java.home")), "mvn", "-B", "-q", "-Prelease", "-pl",
                "release",
                "-am", "-Dmaven.javadoc.skip=true", "-Dmaven.source.skip=true", "-Dformatter.skip=true", "-Dfusedit.launcher=" + BUILT);
    }

    @Test
    void theWholeOneTrainsUnderAnEmptyPath() throws Exception {
        unpack("unzip", "-q", archive(".zip"));
        var fusedit = home().resolve("fusedit").toString();
        assertThat(fusedit(fusedit, "--version")).startsWith("fusedit ");
        fusedit(fusedit, "train", home().resolve("recipes/tests/tiny.yaml").toString(), "--out", folder.resolve("run").toString());
        assertThat(folder.resolve("run/result.json")).exists();
        var java = Files.writeString(folder.resolve("where.jsh"), "IO.println(System.getProperty(\"java.home\"));\n");
        var shell = started(folder, ALONE, fusedit, "shell", java.toString());
        assertThat(shell.out).as("its own Java").startsWith(home().toRealPath().toString());
        assertThat(shell.err).as("with the start-up cache").isEmpty();
        assertThat(home().resolve("lib")).isDirectoryContaining("glob:**.aot");
        assertThat(home().resolve("THIRD-PARTY.txt")).content().contains("(Apache-2.0)", "org.bytedeco:pytorch");
        assertThat(JsonFile.read(home().resolve("sbom.json"), "").path("bomFormat").asText()).isEqualTo("CycloneDX");
    }

    @Test
    void whatThePagesNameIsThere() throws Exception {
        unpack("unzip", "-q", archive(".zip"));
        assertThat(DocsTest.brokenLinks(home())).isEmpty();
        for (var command : List.of("sample --model examples/models/blocks --prompt x --steps 2 --out images.png",
                "parity fusion/src/test/resources/goldens", "plan quickstart", "shell examples/01-tensors.jsh")) {
            run(home(), ALONE, ("./fusedit " + command).split(" "));
        }
        assertThat(home().resolve("images.png")).isNotEmptyFile();
        for (var file : List.of("hooks/wandb_hook.py", "library/pom.xml", "01-tensors.ipynb", "geneval_detections.py", "dpg_answers.py")) {
            assertThat(home().resolve("examples").resolve(file)).exists();
        }
    }

    /// With another libtorch (`-Dfusedit.test.args=-Dfusedit.libtorch=DIR`) all of its report.
    @Test
    void theSmallOneReports() throws Exception {
        assertThat(Files.size(Path.of(archive(".tar.xz")))).isLessThan(64_000_000);
        unpack("tar", "-xf", archive(".tar.xz"));
        var home = home();
        assertThat(DocsTest.brokenLinks(home)).isEmpty();
        var alone = started(folder, Map.of("PATH", ""), home.resolve("fusedit").toString(), "doctor");
        assertThat(alone.status).isEqualTo(3);
        assertThat(alone.out).contains("or set FUSEDIT_LIBTORCH");
        var libtorch = System.getProperty("fusedit.libtorch", "");
        assumeTrue(!libtorch.isEmpty(), "-Dfusedit.libtorch names no other libtorch");
        run(folder, Map.of(), home.resolve("report").toString(), "--libtorch", libtorch, "--device", "cpu");
        var report = JsonFile.read(folder.resolve("report.json"), "");
        assertThat(report.at("/steps/parity/result/passed").asBoolean()).as("%s", report.at("/steps/parity")).isTrue();
        assertThat(report.at("/steps/train-cpu/exit").asInt()).isZero();
        assertThat(report.at("/steps/bench-train-s-f32/result/flops_per_s").asDouble()).isPositive();
    }

    private Path home() throws IOException {
        try (var found = Files.list(folder)) {
            return found.filter(file -> file.getFileName().toString().startsWith("fusedit-")).findFirst().orElseThrow();
        }
    }

    private static String archive(String ending) throws IOException {
        try (var files = Files.list(BUILT.resolve("release"))) {
            return files.map(Path::toString).filter(file -> file.endsWith(ending)).findFirst().orElseThrow();
        }
    }

    private void unpack(String... command) throws Exception { run(folder, Map.of(), command); }

    private String fusedit(String... command) throws Exception { return run(folder, ALONE, command); }

    /// @return what it prints
    private static String run(Path where, Map<String, String> environment, String... command) throws Exception {
        var ended = started(where, environment, command);
        assertThat(ended.status).as("%s: %s", Arrays.toString(command), ended).isZero();
        return ended.out;
    }

    private record Ended(int status, String out, String err) {}

    private static Ended started(Path where, Map<String, String> environment, String... command) throws Exception {
        var errors = Files.createTempFile("fusedit", ".err");
        var builder = new ProcessBuilder(List.of(command)).directory(where.toFile()).redirectError(errors.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("FUSEDIT_"));
        builder.environment().putAll(environment);
        var process = builder.start();
        var out = new String(process.getInputStream().readAllBytes());
        int status = process.waitFor();
        var err = Files.readString(errors);
        Files.delete(errors);
        return new Ended(status, out, err);
    }
}
