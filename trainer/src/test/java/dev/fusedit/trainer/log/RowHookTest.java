package dev.fusedit.trainer.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs({OS.LINUX, OS.MAC})
class RowHookTest {
    private static final Duration SHORT = Duration.ofMillis(400);
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    private final List<String> said = new ArrayList<>();

    private RowHook hook(String command, Duration grace) throws IOException { return hook(command, 1_000, grace); }

    private RowHook hook(String command, int waiting, Duration grace) throws IOException {
        return RowHook.start(command, Map.of("FUSEDIT_RUN", folder.toString()), folder.resolve("hook.log"), waiting, grace, said::add);
    }

    @Test
    void theShellReadsTheCommandAndTheRowsComeInOrder() throws IOException {
        try (var hook = hook("echo 'in $x' \"$FUSEDIT_RUN\"; cat > \"$FUSEDIT_RUN/rows\" ", LONG)) {
            hook.row("{\"step\":1}");
            hook.row("{\"step\":2,\"é\":\"\\n\"}");
        }
        assertThat(folder.resolve("rows")).hasContent("{\"step\":1}\n{\"step\":2,\"é\":\"\\n\"}\n");
        assertThat(folder.resolve("hook.log")).hasContent("in $x " + folder + "\n");
        assertThat(said).isEmpty();
    }

    @Test
    void aHookThatFailsIsToldOfOnce() throws Exception {
        try (var hook = hook("echo broken >&2; exit 3", LONG)) {
            for (int i = 0; i < 200 && said.isEmpty(); i++) {
                hook.row("x".repeat(100));
                Thread.sleep(10);
            }
            for (int i = 0; i < 100; i++) hook.row("x");
        }
        assertThat(said).singleElement().asString().contains("logging.hook ended with status 3", "hook.log", "The run goes on without it");
        assertThat(folder.resolve("hook.log")).hasContent("broken");
    }

    @Test
    void aStatusAtTheEndIsToldToo() throws IOException {
        hook("cat > /dev/null; exit 4", LONG).close();
        assertThat(said).singleElement().asString().contains("ended with status 4");
        said.clear();
        hook("no-such-command-here", LONG).close();
        assertThat(said).singleElement().asString().contains("ended with status 127");
        assertThat(Files.readString(folder.resolve("hook.log"))).contains("no-such-command-here");
    }

    /// It reads nothing, and does not end: a pipe holds 64 KiB, the queue eight rows.
    @Test
    void aHookThatHangsHoldsUpNothing() throws IOException {
        var begun = ProcessHandle.current().children().map(ProcessHandle::pid).toList();
        long began = System.nanoTime();
        try (var hook = hook("exec sleep 300", 8, SHORT)) {
            for (int i = 0; i < 3000; i++) hook.row("x".repeat(1000));
        }
        assertThat(Duration.ofNanos(System.nanoTime() - began)).as("not the hook's 300 s").isLessThan(Duration.ofSeconds(100));
        assertThat(said).hasSize(3);
        assertThat(said.getFirst()).contains("is slow: rows are left out");
        assertThat(said.get(1)).contains("was ended");
        assertThat(said.get(2)).matches("logging.hook missed [0-9,]+ of 3,000 rows");
        assertThat(ProcessHandle.current().children().map(ProcessHandle::pid)).as("nothing of it is left").allMatch(begun::contains);
    }

    /// A terminal's Ctrl-C goes to the hook too; it hears the end all the same.
    @Test
    void ctrlCDoesNotEndIt() throws Exception {
        try (var hook = hook("echo $$ > \"$FUSEDIT_RUN/pid\"; exec cat > \"$FUSEDIT_RUN/rows\"", LONG)) {
            for (int i = 0; i < 1000 && (!Files.exists(folder.resolve("rows"))); i++) Thread.sleep(10);
            var pid = Files.readString(folder.resolve("pid")).strip();
            assertThat(new ProcessBuilder("kill", "-INT", pid).start().waitFor()).isZero();
            hook.row("after");
        }
        assertThat(folder.resolve("rows")).hasContent("after\n");
    }
}
