package dev.fusedit.trainer.data.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.UserError;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DuckDbTest {
    static final class Opens {
        private Opens() {}

        public static void main(String[] arguments) throws Exception {
            try (var db = DuckDb.open()) {
                db.query("select 6 * 7", row -> System.out.print(row.getInt(1)));
            } catch (UserError e) {
                System.out.print(e.getMessage());
            }
        }
    }

    /// As in the small archive.
    @Test
    void whereItDidNotComeAlongItIsSaidWhoHasIt() throws Exception {
        var all = Stream.of(System.getProperty("java.class.path").split(Pattern.quote(File.pathSeparator))).toList();
        var less = all.stream().filter(jar -> !jar.contains("duckdb")).toList();
        assertThat(less).hasSize(all.size() - 1);
        assertThat(opened(all)).isEqualTo("42");
        assertThat(opened(less))
                .startsWith("Parquet files cannot be read: the archive that fusedit came in has no DuckDB. The whole one has it");
    }

    private static String opened(List<String> classPath) throws Exception {
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-Xmx256m", "-cp", classPath.stream().collect(Collectors.joining(File.pathSeparator)),
                Opens.class.getName()));
        var process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        var out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return out;
    }
}
