package dev.fusedit.torch.threads;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Nothing that Java's threads do to each other's tensors ends the process.
class CloseStressTest {
    private static final int PATIENCE_SECONDS = 120;

    @TempDir
    private Path temp;

    @Test
    void freeingWhatOtherThreadsUseIsRefusedToThemAndNeverACrash() throws Exception { run("ALL", 5); }

    @Test
    @Tag("long")
    void twoHundredProcessesLive() throws Exception {
        var kinds = CloseStress.kinds();
        for (int i = 0; i < 200; i++) {
            run(kinds.get(i % kinds.size()), 1);
        }
    }

    private void run(String kind, double seconds) throws Exception {
        var log = temp.resolve("log");
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Xmx512m", "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + temp.resolve("hs_err.log"), "-cp", System.getProperty("java.class.path"), CloseStress.class.getName()));
        command.addAll(List.of(kind, Double.toString(seconds)));
        var process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("%s ends:%n%s", kind, Files.readString(log)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as("%s:%n%s", kind, Files.readString(log)).isZero();
        assertThat(temp.resolve("hs_err.log")).doesNotExist();
    }
}
