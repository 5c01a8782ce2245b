package dev.fusedit.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.log.MetricsLog;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.pace.Pace;
import dev.fusedit.trainer.pace.StepEstimate;
import dev.fusedit.trainer.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Steps whose hidden rows are hundreds of GiB: the system refuses them.
@ExtendWith(NoTensorLeaks.class)
@EnabledOnOs(OS.LINUX)
class OutOfMemoryRunTest {
    private static final String RECIPE = """
        run: {name: large, seed: 5, precision: f32, lanes: 2}
        model:
          llm: {width: 8, layers: 1, heads: 1, kv_heads: 1, head_width: 8, mlp_width: 16, max_tokens: 16}
          dit: {width: 8, layers: 1, mlp_width: 200000, patch: 4}
          prediction: clean
        data: {kind: blocks}
        stages:
          - {name: small, steps: 3, batch: 2, lr: {dit: 1e-3}, losses: {flow: {}}}
          - {name: large, steps: 3, batch: 16384, lr: {dit: 1e-3}, losses: {flow: {}}}
        sampling: {steps: 1, guidance: 1}
        evaluation: {sets: [seen], prompts_per_kind: 1}
        """;

    @TempDir
    private Path temp;

    private static Recipe recipe(String... settings) { return Recipe.parse(RECIPE, "large.yaml", List.of(settings)); }

    /// Nothing is tried before the first step.
    private static RunLength measured(Recipe recipe) { return new RunLength(recipe, new Pace(List.of(0.1, 0.1), 0.1), StepEstimate.NONE); }

    @BeforeAll
    static void theSystemRefuses() throws IOException {
        assumeTrue(!Files.readString(Path.of("/proc/sys/vm/overcommit_memory")).strip().equals("1"), "this system promises everything");
    }

    /// In the backward pass; before it, where every part is to know what all look like.
    @ParameterizedTest
    @ValueSource(strings = {"run.lanes=2", "stages.large.losses.contrastive={layer: 1, width: 8, negatives: global}"})
    void aStepHasRemediesAndWhatWasLearnedIsSaved(String setting) {
        var run = temp.resolve("run");
        assertThatThrownBy(() -> {
            try (var start = RunStart.in(run, recipe(setting), Resume.AUTO, _ -> {}, OutOfMemoryRunTest::measured);
                    var training = new TrainingRun(start, Interrupts.none(), ProgressLine.silent())) {
                training.run();
            }
        }).isInstanceOf(UserError.class).hasMessageContaining("memory does not hold a step of stage 'large' (batch 16384")
                .hasMessageContaining("--set stages.large.accumulation=2").hasMessageContaining("--set stages.large.checkpointing=true")
                .hasMessageContaining("--set run.lanes=1").hasMessageContaining("--set run.precision=bf16")
                .hasMessageContaining("--set 'stages.large.optimizer={kind: adafactor")
                .hasMessageContaining("--set stages.large.batch=8192")
                .message().doesNotContain("stages.small");
        assertThat(run.resolve("checkpoints/step-3")).isDirectory();
        try (var start = RunStart.in(run, recipe(setting, "stages.large.batch=2"), Resume.FORCE, _ -> {}, RunLength::asWritten);
                var training = new TrainingRun(start, Interrupts.none(), ProgressLine.silent())) {
            training.run(4);
        }
        assertThat(MetricsLog.rows(run.resolve("metrics.jsonl"))).last().extracting(row -> row.get("samples")).isEqualTo("6-7");
    }

    /// The trial before the first step meets it first, and leaves a folder that blocks nothing.
    @Test
    void theTrialBeforeTheFirstStepTellsItToo() {
        var run = temp.resolve("run");
        assertThatThrownBy(() -> {
            try (var start = RunStart.in(run, recipe(), Resume.AUTO, _ -> {}, RunLength::asWritten);
                    var training = new TrainingRun(start, Interrupts.none(), ProgressLine.silent())) {
                training.run();
            }
        }).isInstanceOf(UserError.class).hasMessageContaining("stages.large.accumulation=2");
        try (var start = RunStart.in(run, recipe("stages.large.batch=2"), Resume.AUTO, _ -> {}, RunLength::asWritten);
                var training = new TrainingRun(start, Interrupts.none(), ProgressLine.silent())) {
            training.run(1);
        }
    }
}
