package dev.fusedit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The programs of `examples/library` on the classes of this build; `LibraryTest` has them take installed artifacts.
class LibraryExamplesTest {
    private static final Path SOURCES = Path.of("library", "src", "main", "java");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"Line, y = 3.0 x -1.0", "Curve, '4 parameters, loss below 0.001'"})
    void compilesAndRuns(String name, String printed) throws Exception {
        var err = folder.resolve("err");
        var process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "--illegal-native-access=deny", "-cp",
                System.getProperty("java.class.path"), SOURCES.resolve(name + ".java").toString()).redirectError(err.toFile()).start();
        var out = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as("%s: %s", name, Files.readString(err)).isZero();
        assertThat(out).isEqualTo(printed + "\n");
    }

    /// The page shows it whole, but for the method around it.
    @Test
    void thePageShowsCurve() throws Exception {
        var lines = Files.readAllLines(SOURCES.resolve("Curve.java"));
        var body = lines.subList(lines.indexOf("void main() {") + 1, lines.size() - 1);
        assertThat(body).hasSizeBetween(15, 30);
        assertThat(Files.readString(Path.of("../docs/library.md"))).contains(String.join("\n", body));
    }
}
