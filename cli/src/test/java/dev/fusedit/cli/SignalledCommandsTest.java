package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// Real processes that compute, and get a signal at any moment, often a second one: they end with the signal's exit code, or are done before, and
/// never by a crash: libtorch is not taken down under a running kernel.
@DisabledOnOs(OS.WINDOWS)
class SignalledCommandsTest {
    private static final int PATIENCE_SECONDS = 120;
    private static final Map<String, Integer> SIGNALS = Map.of("INT", 2, "TERM", 15, "HUP", 1);
    private static final List<Integer> THREADS = List.of(1, 2, 8);
    private static final String WORKLOADS = """
            {"tiny": {"kind": "train", "attention": "self", "pos_embed": "2d-rope", "timestep_conditioning": "adaln-zero", "qk_norm": true,
               "sandwich_norm": false,
               "lm": {"type": "gemma", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
                 "head_dim": 32, "intermediate_size": 96, "vocab_size": 64},
               "dit_hidden_size": 64, "dit_num_hidden_layers": 2, "latent": [4, 16, 4], "text": {"padded": 9, "valid": [3, 7]}, "batch": 8}}
            """;

    /// A command that computes until it is stopped, or a second or two.
    private enum Command {
        TRAIN, BENCH, SAMPLE, EVAL, INFO;

        /// Those whose first signal is heard between two steps.
        private static final List<Command> LONG = List.of(TRAIN, BENCH, SAMPLE);
    }

    @TempDir
    private Path temp;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @Test
    void aSignalAtAnyMomentIsNoCrash() throws Exception {
        var model = model();
        for (var command : Command.values()) signalled(command, THREADS.get(command.ordinal() % 3), model);
    }

    @Test
    @Tag("long")
    void fiftySignalsAreNoCrash() throws Exception {
        var model = model();
        for (int i = 0; i < 50; i++) signalled(Command.LONG.get(i % 3), THREADS.get(i / 3 % 3), model);
        for (int i = 0; i < 6; i++) signalled(Command.values()[3 + i % 2], THREADS.get(i / 2), model);
    }

    private Path model() {
        var model = temp.resolve("model");
        var words = new StringWriter();
        assertThat(Main.run(new String[] {"train", "tests/minimal", "--out", model.toString()}, new PrintWriter(words),
                new PrintWriter(words)))
                .as(words.toString()).isZero();
        return model;
    }

    private void signalled(Command command, int threads, Path model) throws Exception {
        var name = List.of("INT", "TERM", "HUP").get(random.nextInt(3));
        var log = Files.createTempFile(temp, "log", "");
        var process = start(arguments(command, threads, model), threads, log);
        var what = "%s with %d threads and SIG%s, seed %d".formatted(command, threads, name, seed);
        try {
            TimeUnit.MILLISECONDS.sleep(random.nextInt(2_500));
            kill(process, name);
            if (random.nextBoolean()) {
                TimeUnit.MILLISECONDS.sleep(random.nextInt(500));
                kill(process, name);
            }
            for (int i = 0; !process.waitFor(10, TimeUnit.SECONDS); i++) { // eight threads on two cores may take long for a step
                assertThat(i).as("%s ends:%n%s", what, Files.readString(log)).isLessThan(PATIENCE_SECONDS / 10);
                kill(process, name);
            }
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as("%s:%n%s", what, Files.readString(log)).isIn(0, 128 + SIGNALS.get(name));
        assertThat(temp.resolve("hs_err.log")).as(what).doesNotExist();
    }

    private static void kill(Process process, String name) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }

    private List<String> arguments(Command command, int threads, Path model) throws IOException {
        var out = temp.resolve("out-" + random.nextLong()).toString();
        return switch (command) {
            case TRAIN -> List.of("train", "tests/minimal", "--out", out, "--set", "stages.fuse.steps=100000", "--set",
                    "run.lanes=" + Math.min(4, threads));
            case BENCH ->
                    List.of("bench", "tiny", "--workloads", Files.writeString(temp.resolve("w.json"), WORKLOADS).toString(), "--threads",
                            Integer.toString(threads), "--steps", "1000000");
            case SAMPLE -> List.of("sample", "--model", model.toString(), "--prompt", "a red circle", "-n", "100000", "--out", out);
            case EVAL -> List.of("eval", "--model", model.toString(), "--prompts-per-kind", "1000");
            case INFO -> List.of("info", "--hash", model.resolve("checkpoints/latest").toString());
        };
    }

    private Process start(List<String> arguments, int threads, Path log) throws IOException {
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + temp.resolve("hs_err.log"), "-cp", System.getProperty("java.class.path"),
                "dev.fusedit.cli.Main"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(option -> option.startsWith("-XX:UseAVX"))
                .forEach(option -> command.add(1, option));
        command.addAll(arguments);
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
        return builder.start();
    }
}
