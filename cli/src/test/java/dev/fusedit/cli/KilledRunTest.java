package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.log.MetricsLog;
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
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// Real processes, ended by `kill -9` at any moment and started again with the same command: the run ends as if nothing had been.
@DisabledOnOs(OS.WINDOWS)
class KilledRunTest {
    private static final int PATIENCE_SECONDS = 120;
    /// Options of this Java that change bits: all processes of a run need the same.
    private static final Predicate<String> VECTOR_WIDTH = Pattern.compile("-XX:(UseAVX|MaxVectorSize)=\\d+").asMatchPredicate();

    @TempDir
    private Path temp;

    @Test
    void threeKillsChangeNothing() throws Exception { killAndGoOn(3, 10); }

    @Test
    @Tag("long")
    void fiftyKillsChangeNothing() throws Exception { killAndGoOn(50, 8); }

    /// @param most steps that a process may do before it is killed
    private void killAndGoOn(int kills, int most) throws Exception {
        var settings = List.of("stages.text.steps=" + 4 * kills, "stages.fuse.steps=" + most * kills, "stages.joint.steps=" + 4 * kills,
                "data.workers=4", "checkpoints.every=2", "logging.preview_every=20", "evaluation.validation={every: 15, samples: 5}");
        var expected = temp.resolve("expected");
        assertThat(Main.run(arguments(expected, settings), new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter())))
                .isZero();

        var run = temp.resolve("run");
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int kill = 1; kill <= kills; kill++) {
            var process = start(run, settings);
            try {
                waitForStep(process, run, newest(run) + random.nextInt(most));
                TimeUnit.MICROSECONDS.sleep(random.nextInt(40_000)); // at any point of a step or of a write
            } finally {
                process.destroyForcibly();
            }
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as("kill %d of seed %d came too late: %s", kill, seed, log()).isEqualTo(137);
            var newest = new Checkpoints(run.resolve("checkpoints"), 2).newest();
            newest.ifPresent(Checkpoint::open); // throws if it is not whole
        }
        var last = start(run, settings);
        assertThat(last.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as(log()).isTrue();
        assertThat(last.exitValue()).as(log()).isZero();

        assertThat(hash(run)).as("seed %d", seed).isEqualTo(hash(expected));
        assertThat(rows(run)).as("seed %d", seed).isEqualTo(rows(expected));
        assertThat(run.resolve("samples.png")).hasSameBinaryContentAs(expected.resolve("samples.png"));
        assertThat(run.resolve("checkpoints").toFile().list()).as("nothing is left lying about")
                .containsExactlyInAnyOrder(expected.resolve("checkpoints").toFile().list());
    }

    private static String[] arguments(Path out, List<String> settings) {
        return Stream.concat(Stream.of("train", "tests/minimal", "--out", out.toString()),
                settings.stream().flatMap(setting -> Stream.of("--set", setting))).toArray(String[]::new);
    }

    private Process start(Path out, List<String> settings) throws IOException {
        var command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-exports=java.base/jdk.internal.module=ALL-UNNAMED",
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"),
                        "dev.fusedit.cli.Main"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(VECTOR_WIDTH).forEach(option -> command.add(1, option));
        command.addAll(List.of(arguments(out, settings)));
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(temp.resolve("log").toFile()).start();
    }

    private String log() throws IOException { return Files.readString(temp.resolve("log")); }

    private static long newest(Path run) {
        return new Checkpoints(run.resolve("checkpoints"), 2).newest()
                .map(folder -> Long.valueOf(folder.getFileName().toString().substring("step-".length()))).orElse(0L);
    }

    /// Until this process has done a step after this one.
    private void waitForStep(Process process, Path run, long step) throws Exception {
        var metrics = run.resolve("metrics.jsonl");
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!log().contains("Training") && !log().contains("Going on") || !Files.exists(metrics) || lastStep(metrics) <= step) {
            assertThat(process.isAlive()).as(log()).isTrue();
            assertThat(System.nanoTime()).as(log()).isLessThan(end);
            Thread.sleep(2);
        }
    }

    private static long lastStep(Path metrics) throws IOException {
        var lines = Files.readString(metrics).lines().filter(line -> line.startsWith("{\"step\":")).toList();
        return lines.isEmpty() ? 0 : Long.parseLong(lines.getLast().replaceAll("\\{\"step\":(\\d+).*", "$1"));
    }

    private static String hash(Path run) throws IOException {
        var out = new StringWriter();
        assertThat(Main.run(new String[] {"info", run.resolve("checkpoints/latest").toString(), "--hash", "--json"},
                new PrintWriter(out, true), new PrintWriter(new StringWriter()))).isZero();
        return new ObjectMapper().readTree(out.toString()).get("sha256").textValue();
    }

    private static List<Map<String, Object>> rows(Path run) {
        return MetricsLog.rows(run.resolve("metrics.jsonl")).stream().filter(row -> !"resume".equals(row.get("event"))).map(row -> {
            Map<String, Object> timeless = new TreeMap<>(row);
            timeless.keySet().removeAll(MetricsLog.TIMES);
            return timeless;
        }).toList();
    }
}
