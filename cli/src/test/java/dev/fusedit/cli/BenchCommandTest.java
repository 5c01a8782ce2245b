package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Libtorch;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BenchCommandTest {
    private static final String SMALL = """
            {"tiny": {"kind": "train", "attention": "self", "pos_embed": "2d-rope", "timestep_conditioning": "adaln-zero", "qk_norm": true,
               "sandwich_norm": false,
               "lm": {"type": "gemma", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
                 "head_dim": 16, "intermediate_size": 48, "vocab_size": 64},
               "dit_hidden_size": 32, "dit_num_hidden_layers": 2, "latent": [4, 8, 4], "text": {"padded": 9, "valid": [3, 7]}, "batch": 2},
             "drawn": {"kind": "sample", "like": "tiny", "steps": 2, "guidance": 6.0}}
            """;

    @TempDir
    private Path temp;

    private final int threads = Libtorch.threads();

    @AfterEach
    void asManyThreadsAsBefore() { Libtorch.setThreads(threads); }

    private record Ran(int status, String out, String err) {}

    private Ran run(Object... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        int status = Main.run(Arrays.stream(args).map(Object::toString).toArray(String[]::new), new PrintWriter(out, true),
                new PrintWriter(err, true));
        return new Ran(status, out.toString(), err.toString());
    }

    private Path workloads() throws IOException { return Files.writeString(temp.resolve("w.json"), SMALL); }

    @Test
    void printsOneObjectAndHoldsItAgainstABaseline() throws IOException {
        var baseline = temp.resolve("baseline.json");
        var ran = run("bench", "tiny", "--workloads", workloads(), "--dtype", "bf16", "--threads", 2, "--steps", 3, "--json", "--record",
                baseline);
        assertThat(ran.status()).as(ran.err()).isZero();
        var json = new ObjectMapper().readTree(ran.out());
        assertThat(json.path("workload").textValue()).isEqualTo("tiny");
        assertThat(json.path("dtype").textValue()).isEqualTo("bf16");
        assertThat(json.path("unit").textValue()).isEqualTo("s/step");
        assertThat(json.path("runs").intValue()).isEqualTo(3);
        assertThat(json.path("threads").intValue()).isEqualTo(2);
        assertThat(json.path("median").doubleValue()).isGreaterThanOrEqualTo(json.path("min").doubleValue()).isPositive();

        Files.writeString(baseline, Files.readString(baseline).replaceFirst("\"tiny bf16\" : [0-9.E-]+", "\"tiny bf16\" : 1000"));
        var slower = run("bench", "tiny", "--workloads", workloads(), "--dtype", "bf16", "--steps", 1, "--check", baseline);
        assertThat(slower.status()).isEqualTo(1);
        assertThat(slower.err()).contains("SLOWER");
        assertThat(slower.out()).contains("training step", "GFLOP/s");
    }

    @Test
    void aDeviceThatIsNotHereIsRefusedBeforeAnythingIsMeasured() throws IOException {
        assumeFalse(Device.cuda(0).isAvailable());
        var ran = run("bench", "tiny", "--workloads", workloads(), "--device", "cuda");
        assertThat(ran.status()).isEqualTo(3);
        assertThat(ran.err()).startsWith("The device cuda:0 was asked for, but libtorch");
        var unknown = run("bench", "tiny", "--workloads", workloads(), "--device", "tpu");
        assertThat(unknown.status()).isEqualTo(2);
        assertThat(unknown.err()).contains("device must be cpu or cuda:N, got 'tpu'");
    }

    @Test
    void threadsAreTheCoresUnlessGiven() throws IOException {
        int cores = Runtime.getRuntime().availableProcessors();
        var ran = run("bench", "tiny", "--workloads", workloads(), "--steps", 3, "--json");
        assertThat(ran.status()).as(ran.err()).isZero();
        var json = new ObjectMapper().readTree(ran.out());
        assertThat(json.path("threads").intValue()).isEqualTo(cores);
        assertThat(json.path("lanes").intValue()).isPositive();
        assertThat(ran.err()).doesNotContain("they wait for one another")
                .containsPattern("tiny f32: about \\d+:\\d\\d for 20 repetitions to warm up and 3 that count, by one matmul at ")
                .containsPattern("tiny f32 warm-up 20/20  \\d+\\.\\d{3} s").containsPattern("tiny f32 3/3  \\d+\\.\\d{3} s");
        assertThat(ran.err().lines().filter(line -> line.contains("tiny f32 ") && line.endsWith(" s"))).hasSize(23);
    }

    @Test
    void moreThreadsThanCoresAreSaidFirst() throws IOException {
        int cores = Runtime.getRuntime().availableProcessors();
        var ran = run("bench", "tiny", "--workloads", workloads(), "--steps", 1, "--threads", cores + 1);
        assertThat(ran.status()).as(ran.err()).isZero();
        assertThat(ran.err().lines().filter(line -> !line.startsWith("WARNING")).findFirst().orElseThrow())
                .startsWith((cores + 1) + " threads on " + cores + " core").contains("--threads " + cores + " is");
        assertThat(ran.out()).contains("threads: " + (cores + 1) + ", lanes: ");
    }

    // ---- signals, on a process of its own

    /// Without a handler the process would end as well, by the same status, but under a kernel and without the sentence.
    @ParameterizedTest
    @DisabledOnOs(OS.WINDOWS)
    @CsvSource({"INT, 130, tiny", "TERM, 143, tiny", "INT, 130, all"})
    void aSignalEndsItAfterARepetition(String signal, int status, String workload) throws Exception {
        var log = temp.resolve("log");
        var process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), Main.class.getName(), "bench", workload,
                "--workloads", workloads().toString(), "--steps", "1000000").redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            for (int i = 0; i < 12_000 && !Files.readString(log).contains("tiny f32 2/1000000  "); i++) {
                assertThat(process.isAlive()).as(Files.readString(log)).isTrue();
                Thread.sleep(10);
            }
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as(Files.readString(log)).isEqualTo(status);
            assertThat(Files.readString(log)).contains("Stopping after this repetition").contains("Stopped after tiny f32 ")
                    .doesNotContain("drawn");
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void allOfThemRunInProcessesOfTheirOwn() throws IOException {
        var ran = run("bench", "all", "--workloads", workloads(), "--steps", 1, "--json");
        assertThat(ran.status()).as(ran.err()).isZero();
        assertThat(ran.out().lines()).hasSize(2).first().asString().contains("\"workload\":\"tiny\"");
        assertThat(ran.out()).contains("output_abs_mean");
        assertThat(ran.err()).containsPattern("tiny f32 1/1  \\d").containsPattern("drawn f32 1/1  \\d");
    }

    @Test
    void curvesOfTheSmallestPointsAreMeasured() throws IOException {
        var ran = run("bench", "curves", "--of", "batch", "--points", "1,2,64", "--steps", 1, "--seconds-per-point", 0.4, "--out",
                temp.resolve("curves"), "--json");
        assertThat(ran.status()).as(ran.err()).isZero();
        var json = new ObjectMapper().readTree(ran.out());
        var points = json.at("/curves/0/points");
        assertThat(points).hasSize(3);
        assertThat(points.path(0).path("median").doubleValue()).isPositive();
        assertThat(points.path(0).path("peak_mib").longValue()).isGreaterThan(points.path(0).path("above_base_mib").longValue());
        assertThat(points.path(2).path("planned_mib").longValue()).isGreaterThan(600);
        assertThat(new ObjectMapper().readTree(temp.resolve("curves/curves.json").toFile())).isEqualTo(json);
        assertThat(temp.resolve("curves/batch-time.png")).isNotEmptyFile();
        assertThat(temp.resolve("curves/batch-memory.png")).isNotEmptyFile();
        assertThat(ran.err()).contains("batch 1: ").containsPattern("3 points, about \\d+:\\d\\d by one matmul")
                .containsPattern("batch-1 f32 warm-up 1/\\d+  \\d");
        assertThat(json.path("threads").intValue()).isEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(points.path(0).path("lanes").intValue()).isEqualTo(1);
    }

    /// Over tokens, in f32: squares of scores, kept in six layers, would come to an exponent of 1.4 at least.
    @Test
    @Tag("long")
    void memoryGrowsWithTokensAndNotWithTheirSquare() throws IOException {
        var ran = run("bench", "curves", "--of", "tokens", "--points", "1024,2048", "--steps", 1, "--out", temp, "--json");
        assertThat(ran.status()).as(ran.err()).isZero();
        assertThat(new ObjectMapper().readTree(ran.out()).at("/curves/0/laws/above_base_mib/exponent").doubleValue())
                .isBetween(0.4, 1.2); // a part does not grow at all: kernels' own memory, and what Java compiles meanwhile
    }

    @Test
    void mistakesInCurvesEndWithASentenceAndTwo() throws IOException {
        assertThat(run("bench", "curves", "--of", "width").status()).isEqualTo(2);
        assertThat(run("bench", "curves", "--of", "batch,text", "--points", 1).err()).contains("--of of which");
        assertThat(run("bench", "curves", "--of", "batch", "--points", 0).err()).contains("batch must be from 1");
        assertThat(run("bench", "curves", "--of", "parameters", "--points", 7).err()).contains("no model of this kind");
        assertThat(run("bench", "curves", "--seconds-per-point", 0).status()).isEqualTo(2);
        assertThat(run("bench", "curves", "--steps", 0).status()).isEqualTo(2);
        assertThat(run("bench", "curves", "--dtype", "f16").status()).isEqualTo(2);
        assertThat(run("bench", "curves", "--out", Files.writeString(temp.resolve("file"), "")).status()).isEqualTo(2);
        assertThat(run("bench").err()).contains("name is missing");
    }

    @Test
    void mistakesEndWithASentenceAndTwo() throws IOException {
        var unknown = run("bench", "train-xl");
        assertThat(unknown.status()).isEqualTo(2);
        assertThat(unknown.err()).contains("'train-xl'").contains("train-s");
        assertThat(run("bench", "tiny", "--workloads", temp.resolve("none.json")).status()).isEqualTo(2);
        assertThat(run("bench", "tiny", "--workloads", workloads(), "--steps", 0).err()).contains("steps must be at least 1");
        assertThat(run("bench", "tiny", "--workloads", workloads(), "--threads", 0).status()).isEqualTo(2);
        assertThat(run("bench", "tiny", "--workloads", workloads(), "--dtype", "f8").status()).isEqualTo(2);
        assertThat(run("bench", "tiny", "--workloads", workloads(), "--check", temp.resolve("none.json")).status()).isEqualTo(2);
        assertThat(run("bench", "tiny", "--workloads", workloads(), "--export", temp).err()).contains("not empty");
        assertThat(run("bench", "all", "--workloads", workloads(), "--export", temp.resolve("x")).status()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"--dtype bf16 --threads 2 curves --of batch --points 1, --dtype, curves", "--steps 3 feed tests/minimal, --steps, feed",
        "train-s curves, WORKLOAD, curves"})
    void whatIsSaidBeforeASubcommandIsNotPassedOver(String words, String ignored, String command) {
        var ran = run(Stream.concat(Stream.of("bench"), Stream.of(words.split(" "))).toArray());
        assertThat(ran.status()).isEqualTo(2);
        assertThat(ran.err()).contains(ignored, "before '%s' is of 'bench' and has no effect on it".formatted(command));
    }

    @Test
    void whatAllCommandsHaveMayStandBeforeASubcommand() {
        assertThat(run("--debug", "bench", "--quiet", "curves", "--of", "batch", "--points", 0).err()).contains("batch must be from 1");
        assertThat(run("bench", "curves", "--help").status()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--check", "--record", "--dtype", "--steps"})
    void anExportMeasuresNothing(String option) throws IOException {
        var value = switch (option) {
            case "--dtype" -> "bf16";
            case "--steps" -> "3";
            default -> temp.resolve("baseline.json").toString();
        };
        var ran = run("bench", "tiny", "--workloads", workloads(), "--export", temp.resolve("case"), option, value);
        assertThat(ran.status()).isEqualTo(2);
        assertThat(ran.err()).contains("--export measures nothing", "leave out " + option);
        assertThat(temp.resolve("case")).doesNotExist();
    }

    @Test
    void feedTakesARecipesBatchesFromAnyStepOn() throws IOException {
        var ran =
                run("bench", "feed", "../recipes/tests/minimal.yaml", "--set", "stages.fuse.steps=1000000", "--images", 40, "--warm-up", 8,
                        "--from", 900_000, "--json");
        assertThat(ran.status()).as(ran.err()).isZero();
        var json = new ObjectMapper().readTree(ran.out());
        assertThat(json.fieldNames()).toIterable().containsExactly("recipe", "size", "batch", "workers", "jpeg", "open_seconds",
                "first_batch_seconds", "images", "seconds", "images_per_second", "cpu_ms_per_image", "peak_mib", "resident_mib");
        assertThat(json.path("batch").intValue()).isEqualTo(4);
        assertThat(json.path("images").intValue()).isEqualTo(40);
        assertThat(json.path("resident_mib")).hasSize(10);
    }

    @ParameterizedTest
    @CsvSource({"--images,0,at least one image", "--warm-up,-1,warming up", "--from,-1,counted from 0"})
    void feedSaysWhichNumberIsWrong(String option, int value, String why) {
        var ran = run("bench", "feed", "../recipes/tests/minimal.yaml", option, value);
        assertThat(ran.status()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(ran.err()).contains("bench feed").contains(why);
    }
}
