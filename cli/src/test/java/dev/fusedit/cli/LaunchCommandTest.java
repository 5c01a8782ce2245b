package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.torch.distributed.PeerLost;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.log.MetricsLog;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// Real processes that share the steps of a run.
@DisabledOnOs(OS.WINDOWS)
class LaunchCommandTest {
    private static final int PATIENCE_SECONDS = 240;
    /// Two stages of which the second thaws the language model's last layer on the way, all losses, clipping, averages, accumulation.
    private static final List<String> ALL_OF_IT = List.of("run.precision=f64", "run.lanes=1", "stages.fuse.accumulation=2",
            "stages.joint.accumulation=2", "stages.joint.grad_clip=0.5", "stages.joint.batch=8",
            "stages.joint.losses.contrastive={layer: 1, width: 8, negatives: global, masked_share: 0.5}",
            "stages.joint.groups={top: {part: llm, layers: [0, 1], thaw: {every: 2}}}", "stages.joint.lr={dit: 1e-3, top: 1e-4}",
            "evaluation.validation={every: 4, samples: 5}");

    @TempDir
    private Path temp;

    @Test
    void twoProcessesLearnWhatOneDoes() throws Exception {
        var one = temp.resolve("one");
        train(one, ALL_OF_IT);
        var two = temp.resolve("two");
        var launched = launch(2, two, ALL_OF_IT, "--max-steps", "8", "--shard", "gradients", "--debug");
        succeed(launched);
        assertThat(launched.said()).containsPattern("Go on: \\./fusedit launch --nproc 2 -- train tests/minimal [^\n]* --shard gradients");
        assertThat(launched.said()).as("several buckets").containsPattern("buckets over processes.*: 0 from [^;]+, 1 from ");
        assertThat(Checkpoint.open(Checkpoints.find(two)).names()).as("each rank has written its own").contains(
                "optimizer.safetensors.index.json", "optimizer-00001-of-00002.safetensors", "optimizer-00002-of-00002.safetensors",
                "ema-00001-of-00002.safetensors", "ema-00002-of-00002.safetensors");
        train(two, ALL_OF_IT); // one process goes on
        assertSameLosses(rows(two), rows(one), 1e-9, 10);
        assertThat(samples(two)).isEqualTo(samples(one));
    }

    @Test
    void aTrainingThatDivergesIsNotStartedAgain() throws Exception {
        var words = Stream.concat(Stream.of("launch", "--nproc", "2", "--restarts", "1", "--"),
                arguments(temp.resolve("wild"), List.of("stages.text.lr.llm=1e30")).stream()).toList();
        var launched = start(words, Map.of());
        assertThat(launched.process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(launched.process.exitValue()).as(launched.said()).isEqualTo(ExitCode.DIVERGED);
        assertThat(launched.said()).contains("The training diverged: in stage 'text'").doesNotContain("starting again", "--debug shows");
    }

    @Test
    @Tag("long")
    void anotherRecipeIsRefusedByAll() throws Exception {
        int port = free();
        var first = rank(0, port, List.of("stages.fuse.lr.dit=1e-3"));
        var second = rank(1, port, List.of("stages.fuse.lr.dit=2e-3"));
        for (var process : List.of(first, second)) {
            assertThat(process.process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(process.said()).contains("Rank 1 was given another recipe than rank 0", "lr.dit");
            assertThat(process.process.exitValue()).isEqualTo(ExitCode.BAD_INPUT);
        }
        assertThat(temp.resolve("ranks")).as("nothing is begun").doesNotExist();
    }

    @Test
    @Tag("long")
    void imagesAreThoseOfOneProcess() throws Exception {
        var run = temp.resolve("run");
        train(run, List.of("run.precision=f32"));
        var options = List.of("sample", "--model", run.toString(), "--prompt", "a red circle", "--prompt", "two blue squares", "-n", "7",
                "--batch", "3");
        var one = temp.resolve("one.png");
        var two = temp.resolve("two.png");
        succeed(start(with(with(List.of("launch", "--nproc", "1", "--threads", "1", "--"), options), List.of("--out", one.toString())),
                Map.of()));
        succeed(start(with(with(List.of("launch", "--nproc", "2", "--threads", "1", "--"), options), List.of("--out", two.toString())),
                Map.of()));
        assertThat(two).hasSameBinaryContentAs(one);
        var eval = List.of("eval", "--model", run.toString(), "--sets", "seen", "--prompts-per-kind", "2", "--batch", "3", "--json");
        var scored = start(with(List.of("launch", "--nproc", "1", "--threads", "1", "--"), eval), Map.of());
        succeed(scored);
        var scoredByTwo = start(with(List.of("launch", "--nproc", "2", "--threads", "1", "--"), eval), Map.of());
        succeed(scoredByTwo);
        assertThat(scoredByTwo.said().replaceAll("\"seconds\":[^,}]+", "")).isEqualTo(scored.said().replaceAll("\"seconds\":[^,}]+", ""));
    }

    private static List<String> with(List<String> words, List<String> more) {
        return Stream.concat(words.stream(), more.stream()).toList();
    }

    @Test
    @Tag("long")
    void fiftyStepsAreExactInF64() throws Exception { exact("f64", Map.of(50, 1e-9)); }

    @Test
    @Tag("long")
    void inF32StepsDifferByRoundingAlone() throws Exception { exact("f32", Map.of(5, 1e-5, 40, 1e-3)); }

    @Test
    @Tag("long")
    void optimizersOfWholeMatricesAreSharded() throws Exception {
        for (var optimizer : List.of("adafactor", "muon")) {
            var settings = Stream.concat(ALL_OF_IT.stream(), Stream.of("stages.text.batch=8", "stages.fuse.batch=8",
                    "stages.fuse.optimizer=" + optimizer, "stages.joint.optimizer={kind: %s}".formatted(optimizer))).toList();
            var one = temp.resolve(optimizer);
            train(one, settings);
            var three = temp.resolve(optimizer + "-3");
            succeed(launch(3, three, settings, "--shard", "optimizer", "--max-steps", "6"));
            succeed(launch(2, three, settings, "--shard", "gradients"));
            assertSameLosses(rows(three), rows(one), 1e-9, 10);
        }
    }

    /// Whatever is sharded, over 2 and 4 processes.
    ///
    /// @param within by how much losses may differ up to a step, of their size
    private void exact(String precision, Map<Integer, Double> within) throws Exception {
        var settings = Stream.concat(ALL_OF_IT.stream(), Stream.of("run.precision=" + precision, "stages.text.steps=5",
                "stages.fuse.steps=20", "stages.joint.steps=25", "stages.text.batch=8", "stages.fuse.batch=8")).toList();
        var one = temp.resolve(precision + "-1");
        train(one, settings);
        for (int processes : List.of(2, 4)) {
            for (var sharding : List.of("none", "optimizer", "gradients")) {
                var many = temp.resolve(precision + "-" + processes + "-" + sharding);
                succeed(launch(processes, many, settings, "--shard", sharding));
                within.forEach((steps, relative) -> assertSameLosses(rows(many), rows(one), relative, steps));
            }
        }
    }

    @Test
    @Tag("long")
    void theOrderOfSamplesStaysWhereTheirNumberChanges() throws Exception {
        var settings = Stream.concat(ALL_OF_IT.stream(), Stream.of("stages.text.batch=8", "stages.fuse.batch=8")).toList();
        var one = temp.resolve("one");
        train(one, settings);
        var run = temp.resolve("run");
        succeed(launch(4, run, settings, "--max-steps", "4", "--shard", "gradients"));
        succeed(launch(2, run, settings, "--max-steps", "8", "--shard", "optimizer"));
        train(run, settings);
        assertSameLosses(rows(run), rows(one), 1e-9, 10);
        assertThat(samples(run)).isEqualTo(samples(one));
    }

    @Test
    @Tag("long")
    void aKilledRankEndsAll() throws Exception {
        var run = temp.resolve("run");
        var settings = List.of("stages.text.steps=2000", "checkpoints.every=1");
        var launched = launch(3, run, settings);
        awaitCheckpoint(run);
        kill(launched);
        assertThat(launched.process.waitFor(30, TimeUnit.SECONDS)).as(launched.said()).isTrue();
        assertThat(launched.process.exitValue()).as(launched.said()).isNotZero();
        assertThat(launched.said()).contains("another process of this job is gone");
        new Checkpoints(run.resolve("checkpoints"), 2).newest().ifPresent(Checkpoint::open); // throws if it is not whole
        succeed(launch(2, run, settings, "--max-steps", Long.toString(newest(run) + 3)));
    }

    /// Stopped as a whole: it can neither say anything nor end.
    @Test
    @Tag("long")
    void aRankThatStandsStillIsNamedAndEndsAll() throws Exception {
        var run = temp.resolve("run");
        var words = Stream.concat(Stream.of("launch", "--nproc", "2", "--"),
                arguments(run, List.of("stages.text.steps=2000", "checkpoints.every=1")).stream()).toList();
        var launched = start(words, Map.of("FUSEDIT_ANSWER_SECONDS", "5"));
        awaitCheckpoint(run);
        assertThat(new ProcessBuilder("kill", "-STOP", Long.toString(other(launched).pid())).start().waitFor()).isZero();
        assertThat(launched.process.waitFor(60, TimeUnit.SECONDS)).as(launched.said()).isTrue();
        assertThat(launched.process.exitValue()).as(launched.said()).isEqualTo(PeerLost.STATUS);
        assertThat(launched.said()).contains("Rank 0 has waited 5 s for the other processes in vain", "Rank 1 does not answer at all",
                "Rank 0 waits for the others", "at dev.fusedit.trainer.run.TrainingRun.step", "Go on after the newest checkpoint");
    }

    @Test
    @Tag("long")
    void aJobThatIsStartedAgainGoesOnByItself() throws Exception {
        var settings = List.of("run.precision=f64", "stages.text.steps=60", "checkpoints.every=5");
        var one = temp.resolve("one");
        train(one, settings);
        var run = temp.resolve("run");
        var words = Stream.concat(Stream.of("launch", "--nproc", "2", "--restarts", "1", "--"), arguments(run, settings).stream()).toList();
        var launched = start(words, Map.of());
        awaitCheckpoint(run);
        kill(launched);
        succeed(launched);
        assertThat(launched.said()).contains("launch: starting again, 1 of 1 times");
        assertSameLosses(rows(run), rows(one), 1e-9, 67);
    }

    /// Rank 1 may write small files only, as on a disk that is nearly full: rank 0 writes all.
    @Test
    @Tag("long")
    void aRankThatCannotWriteItsPartLeavesItToTheFirst() throws Exception {
        int port = free();
        var settings = List.of("run.precision=f64", "stages.text.steps=4");
        var first = rank(0, port, settings, List.of(), List.of("--shard", "optimizer"));
        var second = rank(1, port, settings, List.of("sh", "-c", "ulimit -f 64; exec \"$@\"", "sh"), List.of("--shard", "optimizer"));
        succeed(second);
        succeed(first);
        assertThat(first.said()).contains("Rank 0 gathers and writes the checkpoint alone: rank 1 cannot write its part: "
                + "a file may not grow so large there");
        assertThat(Checkpoint.open(Checkpoints.find(temp.resolve("ranks"))).names()).contains("optimizer.safetensors")
                .doesNotContain("optimizer.safetensors.index.json");
        assertThat(temp.resolve("ranks/checkpoints")).isDirectoryNotContaining("glob:**.tmp");
    }

    private static void kill(Started launched) { other(launched).destroyForcibly(); }

    /// A rank other than the first.
    private static ProcessHandle other(Started launched) {
        return launched.process.children().max(Comparator.comparing(ProcessHandle::pid)).orElseThrow();
    }

    @Test
    @Tag("long")
    void aSignalSavesInAllAndEnds() throws Exception {
        var run = temp.resolve("run");
        var launched = launch(2, run, List.of("stages.text.steps=2000", "checkpoints.every=1000"));
        awaitRow(run);
        launched.process.destroy();
        assertThat(launched.process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(launched.process.exitValue()).as(launched.said()).isEqualTo(143);
        assertThat(newest(run)).isPositive();
    }

    /// As Slurm's `--signal=USR1@120` does, which tells each process.
    @Test
    @Tag("long")
    void aBatchSystemsWarningSavesAndIsToldByTheStatus() throws Exception {
        var run = temp.resolve("run");
        var settings = List.of("stages.text.steps=2000", "checkpoints.every=1000");
        var launched = launch(2, run, settings, "--shard", "gradients");
        awaitRow(run);
        var words = Stream.concat(Stream.of("kill", "-USR1"), launched.process.children().map(rank -> Long.toString(rank.pid()))).toList();
        assertThat(words).hasSize(4);
        assertThat(new ProcessBuilder(words).start().waitFor()).isZero();
        assertThat(launched.process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(launched.process.exitValue()).as(launched.said()).isEqualTo(138);
        long saved = newest(run);
        assertThat(saved).isPositive();
        succeed(launch(2, run, settings, "--max-steps", Long.toString(saved + 2)));
        assertThat(newest(run)).as("it goes on").isEqualTo(saved + 2);
    }

    /// `./fusedit launch --nproc 2 -- train recipes/tests/tiny.yaml --out DIR --set run.precision=f64`, against one process.
    @Test
    @Tag("long")
    void everyLossOfTheTinyRecipeIsThatOfOneProcess() throws Exception {
        var tiny = List.of("train", "tests/tiny", "--set", "run.precision=f64", "--out");
        var one = temp.resolve("one");
        succeed(start(with(tiny, List.of(one.toString())), Map.of()), 5 * PATIENCE_SECONDS);
        var two = temp.resolve("two");
        succeed(start(with(List.of("launch", "--nproc", "2", "--"), with(tiny, List.of(two.toString()))), Map.of()), 5 * PATIENCE_SECONDS);
        assertThat(rows(one).stream().filter(row -> row.containsKey("loss"))).as("rows with losses").hasSizeGreaterThanOrEqualTo(40);
        assertSameLosses(rows(two), rows(one), 1e-9, 40);
    }

    // ---- what is compared

    private static void assertSameLosses(List<Map<String, Object>> found, List<Map<String, Object>> expected, double relative, int steps) {
        assertThat(found).as("rows").hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            var row = expected.get(i);
            if (((Number) row.get("step")).longValue() > steps) break;
            for (var key : row.keySet()) {
                if (row.get(key) instanceof Double wanted && !MetricsLog.TIMES.contains(key)) {
                    assertThat((Double) Objects.requireNonNull(found.get(i).get(key))).as("%s of row %d", key, i).isCloseTo(wanted,
                            within(relative * Math.abs(wanted)));
                }
            }
        }
    }

    private static List<Map<String, Object>> rows(Path run) {
        return MetricsLog.rows(run.resolve("metrics.jsonl")).stream().filter(row -> !"resume".equals(row.get("event"))).toList();
    }

    private static List<Object> samples(Path run) {
        return rows(run).stream().map(row -> Objects.requireNonNullElse(row.get("samples"), "")).toList();
    }

    // ---- processes

    private record Started(Process process, Path log) {
        String said() throws IOException { return Files.readString(log); }
    }

    /// In this process, alone.
    private static void train(Path out, List<String> settings) {
        var said = new StringWriter();
        int status = Main.run(arguments(out, settings).toArray(String[]::new), new PrintWriter(said), new PrintWriter(said));
        assertThat(status).as(said.toString()).isZero();
    }

    private static List<String> arguments(Path out, List<String> settings) {
        return Stream.concat(Stream.of("train", "tests/minimal", "--out", out.toString()),
                settings.stream().flatMap(setting -> Stream.of("--set", setting))).toList();
    }

    private Started launch(int processes, Path out, List<String> settings, String... more) throws IOException {
        var words = new ArrayList<>(List.of("launch", "--nproc", Integer.toString(processes), "--"));
        words.addAll(arguments(out, settings));
        words.addAll(List.of(more));
        return start(words, Map.of("FUSEDIT_BUCKET_MIB", "0.01")); // a tenth of the gradients
    }

    private Started rank(int rank, int port, List<String> settings) throws IOException {
        return rank(rank, port, settings, List.of(), List.of());
    }

    private Started rank(int rank, int port, List<String> settings, List<String> before, List<String> options) throws IOException {
        return start(before, with(arguments(temp.resolve("ranks"), settings), options), Map.of("RANK", Integer.toString(rank), "WORLD_SIZE",
                "2", "MASTER_ADDR", "127.0.0.1", "MASTER_PORT", Integer.toString(port), "OMP_NUM_THREADS", "1"));
    }

    private Started start(List<String> words, Map<String, String> environment) throws IOException {
        return start(List.of(), words, environment);
    }

    /// @param before the command
    private Started start(List<String> before, List<String> words, Map<String, String> environment) throws IOException {
        var command = new ArrayList<>(before);
        command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-exports=java.base/jdk.internal.module=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), "dev.fusedit.cli.Main"));
        command.addAll(words);
        var log = Files.createTempFile(temp, "log", "");
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        return new Started(builder.start(), log);
    }

    private static void succeed(Started started) throws Exception { succeed(started, PATIENCE_SECONDS); }

    private static void succeed(Started started, int seconds) throws Exception {
        assertThat(started.process.waitFor(seconds, TimeUnit.SECONDS)).as(started.said()).isTrue();
        assertThat(started.process.exitValue()).as(started.said()).isZero();
    }

    private static int free() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static long newest(Path run) {
        return new Checkpoints(run.resolve("checkpoints"), 2).newest()
                .map(folder -> Long.valueOf(folder.getFileName().toString().substring("step-".length()))).orElse(0L);
    }

    private static void awaitCheckpoint(Path run) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (newest(run) == 0 && System.nanoTime() < end) Thread.sleep(20);
        assertThat(newest(run)).isPositive();
    }

    private static void awaitRow(Path run) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        var metrics = run.resolve("metrics.jsonl");
        while (!(Files.exists(metrics) && Files.size(metrics) > 0) && System.nanoTime() < end) Thread.sleep(20);
    }
}
