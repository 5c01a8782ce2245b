package dev.fusedit.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.log.MetricsLog;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.pace.Pace;
import dev.fusedit.trainer.pace.RunForecast;
import dev.fusedit.trainer.pace.StepEstimate;
import dev.fusedit.trainer.recipe.Recipe;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `evaluation: every`: suites while a model is trained.
@ExtendWith(NoTensorLeaks.class)
class ProgressEvaluationTest {
    private static final String SUITES = "evaluation.progress={suites: [blocks, loss], prompts_per_kind: 1, samples: 16}";
    /// The stages end after steps 3 (which learns no images), 7 and 10.
    private static final List<Long> DUE = List.of(4L, 6L, 7L, 8L, 10L);

    @TempDir
    private static Path shared;

    @TempDir
    private Path folder;

    private static Recipe recipe(String... settings) {
        var all = new ArrayList<>(List.of("run.lanes=1", "sampling.batch=4", "logging.preview_every=100"));
        all.addAll(List.of(settings));
        return Recipe.find("tests/minimal", all);
    }

    private static Recipe evaluated() { return recipe("evaluation.every=2", SUITES); }

    @BeforeAll
    static void trainWithoutAStop() { train(evaluated(), shared.resolve("run"), Interrupts.none(), ProgressLine.silent()); }

    private static void train(Recipe recipe, Path folder, Interrupts interrupts, ProgressLine console) {
        try (var start = RunStart.in(folder, recipe, Resume.AUTO, _ -> {}, ProgressEvaluationTest::known);
                var run = new TrainingRun(start, interrupts, console)) {
            run.run();
        }
    }

    /// At a known pace: nothing is tried.
    private static RunLength known(Recipe recipe) {
        return new RunLength(recipe, new Pace(List.of(0.1, 0.1, 0.1), 0.1), StepEstimate.NONE);
    }

    /// Without times and what is told of going on.
    private static List<Map<String, Object>> rows(Path run) {
        return MetricsLog.rows(run.resolve("metrics.jsonl")).stream().filter(row -> !"resume".equals(row.get("event"))).map(row -> {
            Map<String, Object> timeless = new LinkedHashMap<>(row);
            timeless.keySet().removeAll(MetricsLog.TIMES);
            return timeless;
        }).toList();
    }

    private static boolean isEvaluation(Map<String, Object> row) { return MetricsLog.EVALUATION.equals(row.get("event")); }

    private static List<Long> evaluations(Path run) {
        return rows(run).stream().filter(ProgressEvaluationTest::isEvaluation).map(row -> ((Number) row.get("step")).longValue()).toList();
    }

    private static void assertSameWeights(Path run, Path expected) {
        for (var file : List.of("model.safetensors", "ema.safetensors", "optimizer.safetensors"))
            assertThat(run.resolve("checkpoints/step-10").resolve(file)).hasSameBinaryContentAs(expected.resolve("checkpoints/step-10")
                    .resolve(file));
    }

    @Test
    void nothingThatIsLearnedChanges() {
        var run = shared.resolve("run");
        train(recipe(), folder.resolve("plain"), Interrupts.none(), ProgressLine.silent());
        assertSameWeights(run, folder.resolve("plain"));
        assertThat(rows(run).stream().filter(row -> !isEvaluation(row))).isEqualTo(rows(folder.resolve("plain")));
        assertThat(run.resolve("samples.png")).hasSameBinaryContentAs(folder.resolve("plain/samples.png"));
        assertThat(evaluations(run)).isEqualTo(DUE);
        var curves = MetricsLog.scores(MetricsLog.rows(run.resolve("metrics.jsonl")));
        assertThat(curves).containsKeys("blocks/seen", "blocks/paraphrase", "loss/flow");
        assertThat(curves.get("loss/flow").x()).containsExactly(4, 6, 7, 8, 10);
        assertThat(curves.get("blocks/seen").high()[0]).as("of six images").isGreaterThan(0.3);
        assertThat(run.resolve("evaluation/step-000010/index.html")).content().contains("flow loss", "blocks/seen/000.png");
        assertThat(folder.resolve("plain/evaluation")).doesNotExist();
    }

    @Test
    void whatASignalCutsShortGoesOn() throws IOException {
        var run = folder.resolve("run");
        var interrupts = Interrupts.none();
        var seconds = new AtomicLong();
        var console = ProgressLine.on(new PrintStream(new ByteArrayOutputStream() {
            @Override
            public synchronized void write(byte[] bytes, int from, int count) {
                var text = new String(bytes, from, count, StandardCharsets.UTF_8); // a line at a time, as the clock below runs
                if (text.contains("evaluation") && text.contains(" 4/12") && Files.exists(run.resolve("evaluation/step-000006")))
                    interrupts.adopt(130);
            }
        }), () -> seconds.addAndGet(10_000_000_000L));
        assertThatThrownBy(() -> train(evaluated(), run, interrupts, console)).isInstanceOf(Interrupted.class)
                .hasMessageContaining("Stopped after step 6");
        assertThat(evaluations(run)).containsExactly(4L);
        assertThat(run.resolve("checkpoints/step-6")).isDirectory();
        var kept = Files.readAllLines(run.resolve("evaluation/step-000006/images.jsonl"));
        assertThat(kept).as("a batch").hasSize(4);
        var made = Files.getLastModifiedTime(run.resolve("evaluation/step-000006/blocks/seen/000.png"));
        train(evaluated(), run, Interrupts.none(), ProgressLine.silent());
        assertThat(rows(run)).isEqualTo(rows(shared.resolve("run")));
        assertSameWeights(run, shared.resolve("run"));
        assertThat(Files.getLastModifiedTime(run.resolve("evaluation/step-000006/blocks/seen/000.png"))).isEqualTo(made);
        for (var image : List.of("blocks/seen/005.png", "blocks/paraphrase/003.png"))
            assertThat(run.resolve("evaluation/step-000006").resolve(image))
                    .hasSameBinaryContentAs(shared.resolve("run/evaluation/step-000006").resolve(image));
    }

    /// What was evaluated after the last checkpoint is evaluated again; its images are there.
    @Test
    void afterAKillTheRowsAreTheSame() throws IOException {
        var run = folder.resolve("run");
        train(evaluated(), run, Interrupts.none(), ProgressLine.silent());
        try (var files = Files.walk(run.resolve("checkpoints/step-10"))) {
            for (var file : files.sorted(java.util.Comparator.reverseOrder()).toList()) Files.delete(file);
        }
        Files.delete(run.resolve("result.json"));
        var made = Files.getLastModifiedTime(run.resolve("evaluation/step-000008/blocks/seen/000.png"));
        train(evaluated(), run, Interrupts.none(), ProgressLine.silent());
        assertThat(rows(run)).isEqualTo(rows(shared.resolve("run")));
        assertThat(Files.getLastModifiedTime(run.resolve("evaluation/step-000008/blocks/seen/000.png"))).isEqualTo(made);
    }

    @Test
    void timeIsForetold() {
        var pace = new Pace(List.of(1.0, 1.0, 1.0), 1);
        var evaluating = new Pace(pace.steps(), pace.image(), 100);
        for (long done : new long[] {0, 5, 7, 9}) {
            long left = DUE.stream().filter(step -> step > done).count();
            assertThat(RunForecast.of(evaluated(), evaluating, done).total())
                    .isEqualTo(RunForecast.of(recipe(), pace, done).total() + 100.0 * left);
        }
        assertThat(RunForecast.of(recipe(), evaluating, 0)).as("off").isEqualTo(RunForecast.of(recipe(), pace, 0));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "evaluation.progress={suites: [blocks]}|must be left out where there is no 'every'",
        "evaluation={every: 5, progress: {suites: [geneval]}}|must not have geneval: another program judges its images",
        "evaluation={every: 5, progress: {suites: [clip], clip: c}}|must be given: suite clip needs it",
        "evaluation={every: 5, progress: {suites: [reference], reference: c}}|or dino or clip must be given: suite reference needs it",
        "evaluation={every: 5, progress: {dino: c}}|must be left out: it is read by reference, diversity alone",
        "evaluation={every: 5, progress: {suites: [blocks, blocks]}}|must not name one twice, but has blocks again",
        "evaluation={every: 5, sets: []}|evaluation.sets is empty",
        "evaluation={every: 0}|every",
        "evaluation={every: 5, progress: {suites: [blox]}}|blocks"})
    void whatIsWrongIsTold(String setting, String message) {
        assertThatThrownBy(() -> recipe(setting)).isInstanceOf(UserError.class).hasMessageContaining(message);
    }

    @Test
    void aRecipeWithItReadsBackAsItself() {
        var recipe = recipe("evaluation.every=5");
        assertThat(recipe.canonical()).contains("every: 5", "prompts_per_kind: 8");
        assertThat(Recipe.parse(recipe.canonical(), "r.yaml", List.of())).isEqualTo(recipe);
        assertThat(Recipe.parse(recipe.brief(), "r.yaml", List.of())).isEqualTo(recipe);
        assertThat(recipe.brief()).doesNotContain("progress");
        assertThat(recipe().canonical()).doesNotContain("progress");
    }
}
