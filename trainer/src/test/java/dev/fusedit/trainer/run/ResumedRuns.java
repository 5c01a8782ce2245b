package dev.fusedit.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Suppliers;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.fusedit.trainer.log.MetricsLog;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.recipe.Recipe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// Runs of one small recipe, for tests of stopping and going on.
final class ResumedRuns {
    /// Two stages of 20 steps with all that could make a resumed run differ.
    private static final String RECIPE = """
        run: {name: resumed, seed: 5, precision: f32, lanes: 2}
        model:
          llm: {width: 16, layers: 2, heads: 2, kv_heads: 1, head_width: 8, mlp_width: 32, max_tokens: 16}
          dit: {width: 16, layers: 2, mlp_width: 32, patch: 8}
          prediction: clean
        data: {kind: blocks, workers: 4}
        stages:
          - name: fuse
            steps: 20
            batch: 4
            accumulation: 2
            lr: {dit: 1e-3}
            schedule: cosine
            warm_up: 4
            grad_clip: 1
            caption_dropout: 0.25
            ema: {decay: 0.9}
            losses: {flow: {}}
          - name: joint
            steps: 20
            batch: 4
            accumulation: 2
            lr: {dit: 1e-3, llm: 1e-4}
            schedule: {kind: linear, final_fraction: 0.1}
            ema: {decay: 0.9}
            losses: {flow: {}, language: {weight: 0.1}}
        sampling: {steps: 2, batch: 12}
        evaluation: {sets: [seen], prompts_per_kind: 1, validation: {every: 8, samples: 10, bins: 5}}
        logging: {metrics_every: 1, preview_every: 10}
        checkpoints: {every: 5, keep: 2}
        """;
    private static final List<String> TENSORS = List.of("model.safetensors", "ema.safetensors", "optimizer.safetensors");

    private static final Supplier<Path> UNINTERRUPTED = Suppliers.memoize(ResumedRuns::trained);

    private ResumedRuns() {}

    static Recipe recipe(String... settings) { return Recipe.parse(RECIPE, "resumed.yaml", List.of(settings)); }

    /// The folder of a run of the recipe that was never stopped, for all tests to compare with.
    static Path uninterrupted() { return UNINTERRUPTED.get(); }

    private static Path trained() {
        try {
            var folder = Files.createTempDirectory("uninterrupted");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
            train(recipe(), folder.resolve("run"), Long.MAX_VALUE);
            return folder.resolve("run");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) {
        try {
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Outcome train(Recipe recipe, Path folder, long upTo) { return train(recipe, folder, upTo, new ArrayList<>()); }

    static Outcome train(Recipe recipe, Path folder, long upTo, List<String> said) {
        try (var start = RunStart.in(folder, recipe, Resume.AUTO, said::add, RunLength::asWritten);
                var run = new TrainingRun(start, Interrupts.none(), ProgressLine.silent())) {
            return run.run(upTo);
        }
    }

    static void force(Path run, long upTo, String... settings) {
        try (var start = RunStart.in(run, recipe(settings), Resume.FORCE, _ -> {}, RunLength::asWritten);
                var forced = new TrainingRun(start, Interrupts.none(), ProgressLine.silent())) {
            forced.run(upTo);
        }
    }

    static void assertSame(Path run, Path expected) throws IOException {
        assertSameState(run, expected);
        for (var image : List.of("previews/step-000010.png", "previews/step-000030.png", "samples.png", "loss.png")) {
            assertThat(run.resolve(image)).as(image).hasSameBinaryContentAs(expected.resolve(image));
        }
    }

    static void assertSameState(Path run, Path expected) {
        for (var file : TENSORS) {
            assertThat(run.resolve("checkpoints/step-40").resolve(file)).as(file)
                    .hasSameBinaryContentAs(expected.resolve("checkpoints/step-40").resolve(file));
        }
        assertThat(run.resolve("checkpoints/step-40/state.json"))
                .hasSameBinaryContentAs(expected.resolve("checkpoints/step-40/state.json"));
        assertThat(rows(run)).isEqualTo(rows(expected));
    }

    /// Without times and what is told of going on.
    static List<Map<String, Object>> rows(Path run) {
        return MetricsLog.rows(run.resolve("metrics.jsonl")).stream().filter(row -> !"resume".equals(row.get("event"))).map(row -> {
            Map<String, Object> timeless = new LinkedHashMap<>(row);
            timeless.keySet().removeAll(MetricsLog.TIMES);
            return timeless;
        }).toList();
    }

    static List<Object> samples(Path run) {
        return rows(run).stream().map(row -> row.get("samples")).filter(Objects::nonNull).toList();
    }

    /// Numbers of all images in the order in which they were learned from.
    static List<Long> images(Path run) {
        return samples(run).stream().flatMap(keys -> Stream.of(keys.toString().split(", "))).flatMap(range -> {
            var ends = range.split("-");
            return LongStream.rangeClosed(Long.parseLong(ends[0]), Long.parseLong(ends[ends.length - 1])).boxed();
        }).toList();
    }
}
