package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A process that trains does not grow with its steps, though every batch of texts has another length.
///
/// Java's heap is touched as a whole at the start: else its pages come one by one, up to 40 MiB in these thousand steps.
@Tag("long")
@EnabledOnOs(OS.LINUX)
class SteadyMemoryTest {
    private static final int STEPS = 1000;
    private static final int SETTLED = 200;
    /// What code that Java still compiles, and a heap with other holes, may come to: 14 measured. Kernels for each length of text took more
    /// than 100.
    private static final long GROWTH_MIB = 24;

    private record Sample(int step, long mib) {}

    @TempDir
    Path temp;

    /// Captions without a gradient, then texts that are learned.
    @ParameterizedTest
    @ValueSource(strings = {
        "stages=[{name: fuse, steps: 1000, batch: 8, lr: {dit: 1e-3}, grad_clip: 1, caption_dropout: 0.1, losses: {flow: {}}}]",
        "stages=[{name: joint, steps: 1000, batch: 8, lr: {dit: 1e-3, llm: 1e-4}, grad_clip: 1, losses: {flow: {}, "
                + "language: {weight: 0.1, corpus: text}}}]"})
    void aThousandStepsTakeWhatTwoHundredDid(String stages) throws IOException, InterruptedException {
        assertSteady(List.of("--set", stages));
    }

    /// Of own images, in batches of five sizes.
    @Test
    void imagesOfSeveralSizesTakeNoMoreEither() throws IOException, InterruptedException {
        var set = Files.createDirectories(temp.resolve("set"));
        for (int i = 0; i < 60; i++) {
            var image = new PngImage(30 + i, 90 - i, new byte[3 * (30 + i) * (90 - i)]);
            Files.write(set.resolve(i + ".png"), image.png());
            Files.writeString(set.resolve(i + ".txt"), "image " + i);
        }
        assertSteady(List.of("--set",
                "stages=[{name: fuse, steps: 1000, batch: 8, lr: {dit: 1e-3}, grad_clip: 1, caption_dropout: 0.1, losses: {flow: {}}}]",
                "--set", "data={kind: folder, path: '%s', image_size: 64, aspect_buckets: {}}".formatted(set), "--set",
                "model.llm.tokenizer=bytes"));
    }

    private void assertSteady(List<String> settings) throws IOException, InterruptedException {
        var words = new ArrayList<>(List.of("tests/tiny", "--set", "run.precision=bf16", "--set", "model.dit.layers=2", "--set",
                "model.dit.patch=8", "--set", "sampling.weights=raw", "--set", "evaluation.sets=[]", "--set",
                "logging.preview_every=100000", "--set", "checkpoints.every=100000"));
        words.addAll(settings);
        var samples = trained(words);
        long settled = median(samples.stream().filter(sample -> sample.step > SETTLED / 2 && sample.step <= SETTLED).toList());
        long end = median(samples.stream().filter(sample -> sample.step > STEPS - SETTLED && sample.step < STEPS).toList());
        assertThat(end - settled).as("MiB more after %s steps: %s", STEPS, samples).isLessThan(GROWTH_MIB);
    }

    private static long median(List<Sample> samples) {
        assertThat(samples).as("samples").hasSizeGreaterThan(3);
        return samples.stream().mapToLong(Sample::mib).sorted().skip(samples.size() / 2).findFirst().orElseThrow();
    }

    /// The resident set of a JVM of its own, several times a second.
    private List<Sample> trained(List<String> words) throws IOException, InterruptedException {
        var command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-exports=java.base/jdk.internal.module=ALL-UNNAMED",
                        "--enable-native-access=ALL-UNNAMED", "-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch", "-Xmn16m", "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"), "dev.fusedit.cli.Main", "train"));
        command.addAll(words);
        command.addAll(List.of("--out", temp.resolve("run").toString()));
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(temp.resolve("log").toFile());
        builder.environment().putAll(Map.of("OMP_WAIT_POLICY", "passive", "MALLOC_ARENA_MAX", "1"));
        var process = builder.start();
        var samples = new ArrayList<Sample>();
        while (!process.waitFor(100, java.util.concurrent.TimeUnit.MILLISECONDS)) {
            int step = step();
            long mib = resident(process.pid());
            if (step > 0 && mib > 0) {
                samples.add(new Sample(step, mib));
            }
        }
        assertThat(process.exitValue()).as(Files.readString(temp.resolve("log"))).isZero();
        return samples;
    }

    private int step() throws IOException {
        var metrics = temp.resolve("run/metrics.jsonl");
        if (!Files.exists(metrics)) {
            return 0;
        }
        var lines = Files.readString(metrics).split("\n", -1); // the last one may be half written
        return lines.length < 2 ? 0 : new ObjectMapper().readTree(lines[lines.length - 2]).path("step").asInt();
    }

    private static long resident(long pid) {
        try (var lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                    .sum();
        } catch (IOException | java.io.UncheckedIOException e) {
            return 0; // it has ended
        }
    }
}
