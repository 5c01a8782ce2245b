package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `train` in a process of its own that gets a signal: it saves, and ends with the signal's exit code.
@DisabledOnOs(OS.WINDOWS)
class InterruptedTrainingTest {
    @TempDir
    private Path temp;

    private @Nullable Process started;

    @AfterEach
    void noProcessIsLeft() throws InterruptedException {
        if (started != null) {
            started.destroyForcibly().waitFor();
        }
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "HUP, 129", "USR1, 138", "XCPU, 152"})
    void interruptedDuringAStepItSaves(String signal, int status) throws Exception {
        var out = temp.resolve("run");
        // Large products: the signal comes while one runs.
        var process = start(out, "stages.text.steps=1", "stages.fuse.steps=5000", "stages.fuse.batch=64", "model.dit.width=256",
                "model.dit.mlp_width=1024");
        waitForStep(out, 2);
        signal(process, signal);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(log()).isEqualTo(status);
        assertThat(log()).contains("What was learned is in").contains("Go on: ./fusedit train tests/minimal --out " + out);
        assertUsable(out);
    }

    @Test
    void interruptedWhileItSavesItLeavesAWholeCheckpoint() throws Exception {
        var out = temp.resolve("run");
        // Saves after every step, and saving takes longer than a step.
        var process = start(out, "stages.text.steps=5000", "checkpoints.every=1", "model.dit.width=512", "model.dit.mlp_width=4096");
        while (!savingNow(out)) {
            assertThat(process.isAlive()).as(log()).isTrue();
            Thread.sleep(1);
        }
        signal(process, "TERM");
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(log()).isEqualTo(143);
        assertUsable(out);
    }

    @Test
    void aSecondSignalEndsAtOnceAndTheLastCheckpointStaysWhole() throws Exception {
        var out = temp.resolve("run");
        var process = start(out, "stages.text.steps=5000", "checkpoints.every=1", "model.dit.width=512", "model.dit.mlp_width=4096");
        waitForStep(out, 3);
        signal(process, "INT");
        signal(process, "INT");
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(log()).isEqualTo(130);
        assertUsable(out);
    }

    private Process start(Path out, String... settings) throws IOException {
        var command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--enable-native-access=ALL-UNNAMED", "-cp",
                        System.getProperty("java.class.path"), "dev.fusedit.cli.Main", "train", "tests/minimal", "--out", out.toString()));
        for (var setting : settings) {
            command.addAll(List.of("--set", setting));
        }
        started = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(temp.resolve("log").toFile()).start();
        return started;
    }

    private String log() throws IOException { return Files.readString(temp.resolve("log")); }

    private void waitForStep(Path out, int step) throws Exception {
        var metrics = out.resolve("metrics.jsonl");
        for (int i = 0; i < 6000; i++) {
            if (Files.exists(metrics) && Files.readString(metrics).contains("\"step\":" + step + ",")) {
                return;
            }
            Thread.sleep(10);
        }
        throw new AssertionError("step " + step + " did not come: " + log());
    }

    private static boolean savingNow(Path out) throws IOException {
        if (!Files.isDirectory(out.resolve("checkpoints/latest"))) {
            return false;
        }
        try (var files = Files.list(out.resolve("checkpoints"))) {
            return files.anyMatch(file -> file.toString().endsWith(".tmp"));
        }
    }

    private static void signal(Process process, String name) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    }

    private void assertUsable(Path run) {
        var err = new StringWriter();
        int status = Main.run(new String[] {"sample", "--model", run.toString(), "--prompt", "a red circle", "--out",
            temp.resolve("p.png").toString(), "--force"}, new PrintWriter(new StringWriter()), new PrintWriter(err, true));
        assertThat(status).as("%s", err).isZero();
    }
}
