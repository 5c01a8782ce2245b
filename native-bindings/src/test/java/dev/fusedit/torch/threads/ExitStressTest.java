package dev.fusedit.torch.threads;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// libtorch is not taken down under running kernels: a process that ends meanwhile has the status that it asked for.
@EnabledOnOs(OS.LINUX)
class ExitStressTest {
    private static final int PATIENCE_SECONDS = 60;

    @TempDir
    private Path temp;

    @Test
    void anExitUnderRunningKernelsIsNoCrash() throws Exception { exits(4); }

    @Test
    @Tag("long")
    void fortyExitsAreNoCrash() throws Exception { exits(40); }

    /// What glibc's dynamic linker says: whose constructors and destructors it calls.
    private List<String> linker(long pid) throws IOException { return Files.readAllLines(temp.resolve("linker." + pid)); }

    private void exits(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            var log = temp.resolve("log");
            var builder = new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED", "-Xmx512m", "-XX:-CreateCoredumpOnCrash",
                    "-XX:ErrorFile=" + temp.resolve("hs_err.log"), "-cp", System.getProperty("java.class.path"), ExitStress.class.getName(),
                    Integer.toString(1 << i % 4), Integer.toString(7 * i % 50))).redirectErrorStream(true).redirectOutput(log.toFile());
            builder.environment().putAll(Map.of("LD_DEBUG", "files", "LD_DEBUG_OUTPUT", temp.resolve("linker").toString()));
            var process = builder.start();
            try {
                assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as(Files.readString(log)).isTrue();
            } finally {
                process.destroyForcibly();
            }
            assertThat(process.exitValue()).as(Files.readString(log)).isEqualTo(130);
            assertThat(temp.resolve("hs_err.log")).doesNotExist();
            assertThat(linker(process.pid())).anyMatch(line -> line.contains("calling init") && line.contains("libtorch_cpu"))
                    .as("destructors").noneMatch(line -> line.contains("calling fini") && line.contains("torch"));
        }
    }
}
