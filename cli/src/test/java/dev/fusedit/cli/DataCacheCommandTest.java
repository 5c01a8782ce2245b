package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class DataCacheCommandTest {
    private static final AutoencoderConfig VAE =
            new AutoencoderConfig(3, 3, List.of(8, 16, 16, 16), 1, 4, 4, 32, 0.5, 0.1, true, true, true);
    private static final int PATIENCE_SECONDS = 120, IMAGES = 400;
    private static final Predicate<String> VECTOR_WIDTH = Pattern.compile("-XX:(UseAVX|MaxVectorSize)=\\d+").asMatchPredicate();

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path temp;

    @BeforeEach
    void imagesAndAutoencoder() throws IOException {
        var set = Files.createDirectories(temp.resolve("set"));
        for (int i = 0; i < IMAGES; i++) {
            var rgb = new byte[3 * 40 * 36];
            new Random(i).nextBytes(rgb);
            Files.write(set.resolve("%03d.png".formatted(i)), new PngImage(40, 36, rgb).png());
            Files.writeString(set.resolve("%03d.txt".formatted(i)), "number " + i % 300);
        }
        var folder = Files.createDirectories(temp.resolve("vae"));
        try (var weights = Weights.fresh(Seed.of(3), DTypePolicy.F32)) {
            AutoencoderKL.of(VAE, weights);
            weights.save(folder.resolve("diffusion_pytorch_model.safetensors"));
        }
        Files.writeString(folder.resolve("config.json"), VAE.json().toString());
    }

    private String[] arguments(Path cache, String... more) {
        var settings = Stream.of("evaluation={sets: []}",
                "data={kind: folder, path: '%s', image_size: 32, flip: 0.5}".formatted(temp.resolve("set")), "model.llm.tokenizer=bytes",
                "model.vae=stable-diffusion-v1-5/stable-diffusion-v1-5", "weights.vae=" + temp.resolve("vae"), "weights.accept=[vae]",
                "model.dit.channels=4", "model.dit.patch=2", "model.prediction=velocity",
                "stages.text.losses={language: {corpus: captions}}", "cache={folder: '%s'}".formatted(cache));
        return Stream.of(Stream.of("data", "cache", "tests/minimal"), settings.flatMap(setting -> Stream.of("--set", setting)),
                Stream.of(more)).flatMap(all -> all).toArray(String[]::new);
    }

    private int run(String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    @Test
    void tellsBeforeItWritesAndInfoTellsAfter() throws IOException {
        var cache = temp.resolve("cache");
        assertThat(run(arguments(cache, "--dry-run"))).as(err.toString()).isZero();
        assertThat(out.toString()).containsPattern("tokens +301 +301 ").containsPattern("latents +800 +800 ").doesNotContain("were made");
        for (var writes : List.of("--verify", "--prune")) {
            assertThat(run(arguments(cache, "--dry-run", writes))).isEqualTo(ExitCode.BAD_INPUT);
            assertThat(err.toString()).contains("--dry-run looks and writes nothing: leave out " + writes);
        }
        assertThat(run(arguments(cache, "--threads", "0"))).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(err.toString()).contains("--threads must be at least 1, but is 0");
        assertThat(cache).as("nothing is written").doesNotExist();
        assertThat(run(arguments(cache))).as(err.toString()).isZero();
        assertThat(out.toString()).contains("1,101 rows were made");
        assertThat(run(arguments(cache, "--json"))).isZero();
        var json = new ObjectMapper().readTree(out.toString());
        assertThat(json.path("made").asInt()).isZero();
        assertThat(json.path("sets")).allMatch(set -> set.path("missing").asInt() == 0 && set.path("broken").asInt() == 0);
        assertThat(run("info", cache.toString())).isZero();
        assertThat(out.toString()).contains("a cache of 2 sets", "800 rows of f32", "encoder: ");
        assertThat(run(arguments(cache, "--dry-run", "--set", "cache.latents=f16"))).isZero();
        assertThat(out.toString()).contains("stale, or of another recipe: latents-");
        assertThat(run(arguments(cache, "--prune", "--set", "cache.latents=none"))).isZero();
        assertThat(run("info", cache.toString(), "--json")).isZero();
        assertThat(new ObjectMapper().readTree(out.toString()).path("sets")).hasSize(1);
        assertThat(run("data", "cache", "tests/minimal")).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(err.toString()).contains("recipe 'minimal' has no cache. Add one");
    }

    /// Ended by `kill -9` while it writes; then two at once go on, and make each row once.
    @Test
    @Tag("long")
    @DisabledOnOs(OS.WINDOWS)
    void aKilledOneGoesOnAndTwoShareTheWork() throws Exception {
        var cache = temp.resolve("cache");
        var killed = start(cache, "killed");
        try {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (files(cache).keySet().stream().noneMatch(name -> name.startsWith("latents-"))) {
                assertThat(System.nanoTime()).as(log("killed")).isLessThan(end);
                Thread.sleep(1);
            }
        } finally {
            killed.destroyForcibly();
        }
        assertThat(killed.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(killed.exitValue()).as("killed too late: %s", log("killed")).isEqualTo(137);
        var first = start(cache, "first");
        var second = start(cache, "second");
        for (var process : List.of(first, second)) assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(first.exitValue()).as(log("first")).isZero();
        assertThat(second.exitValue()).as(log("second")).isZero();
        int there = result("first").path("made").asInt() + result("second").path("made").asInt();
        assertThat(there).as("what was killed left something").isBetween(1, 1101 - 256);

        var whole = temp.resolve("whole");
        assertThat(run(arguments(whole))).as(err.toString()).isZero();
        assertThat(files(cache)).isEqualTo(files(whole));
    }

    /// Sizes and sums by name.
    private static Map<String, Integer> files(Path cache) throws IOException {
        var files = new TreeMap<String, Integer>();
        if (!Files.isDirectory(cache)) return files;
        try (var all = Files.walk(cache)) {
            for (var file : all.filter(path -> path.toString().endsWith(".safetensors")).toList())
                files.put(cache.relativize(file).toString(), Arrays.hashCode(Files.readAllBytes(file)));
        }
        return files;
    }

    private Process start(Path cache, String name) throws IOException {
        var command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-exports=java.base/jdk.internal.module=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"),
                        "dev.fusedit.cli.Main"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(VECTOR_WIDTH).forEach(option -> command.add(1, option));
        command.addAll(List.of(arguments(cache, "--json")));
        return new ProcessBuilder(command).redirectOutput(temp.resolve(name + ".out").toFile())
                .redirectError(temp.resolve(name + ".log").toFile()).start();
    }

    private String log(String name) throws IOException { return Files.readString(temp.resolve(name + ".log")); }

    private JsonNode result(String name) throws IOException { return new ObjectMapper().readTree(temp.resolve(name + ".out").toFile()); }
}
