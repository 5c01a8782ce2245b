package dev.fusedit.trainer.run;

import static dev.fusedit.trainer.run.ResumedRuns.assertSame;
import static dev.fusedit.trainer.run.ResumedRuns.assertSameState;
import static dev.fusedit.trainer.run.ResumedRuns.recipe;
import static dev.fusedit.trainer.run.ResumedRuns.rows;
import static dev.fusedit.trainer.run.ResumedRuns.samples;
import static dev.fusedit.trainer.run.ResumedRuns.train;
import static dev.fusedit.trainer.run.ResumedRuns.uninterrupted;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.model.SavedModel;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A run that was stopped and continued ends with the same bits as one that never was.
@ExtendWith(NoTensorLeaks.class)
class ResumeTest {
    @TempDir
    private Path temp;

    // ---- 40 = 17 + 23

    @ParameterizedTest
    @CsvSource({"bf16, adamw", "f16, adafactor", "pure-bf16, adafactor", "f32, muon", "f64, adamw"})
    void seventeenAndTwentyThreeStepsAreForty(String precision, String optimizer) { assertFortyInTwoParts(precision, optimizer); }

    @ParameterizedTest
    @Tag("long")
    @CsvSource({"f32, adamw", "f32, adafactor", "bf16, adafactor", "bf16, muon", "f16, adamw", "f16, muon", "pure-bf16, adamw",
        "pure-bf16, muon", "f64, adafactor", "f64, muon"})
    void soItIsInEveryPrecisionWithEveryOptimizer(String precision, String optimizer) { assertFortyInTwoParts(precision, optimizer); }

    private void assertFortyInTwoParts(String precision, String optimizer) {
        var recipe = recipe("run.precision=" + precision, "stages.fuse.optimizer=" + optimizer, "stages.joint.optimizer=" + optimizer,
                "stages.joint.keep_optimizer=true", "stages.joint.steps=21", "logging.preview_every=100", "checkpoints.every=100");
        var whole = temp.resolve("whole");
        var parts = temp.resolve("parts");
        train(recipe, whole, 40);
        assertThat(train(recipe, parts, 17)).isEqualTo(new Outcome.Paused(17, parts.resolve("checkpoints/step-17")));
        assertThat(train(recipe, parts, 40)).isEqualTo(new Outcome.Paused(40, parts.resolve("checkpoints/step-40")));
        assertSameState(parts, whole);
    }

    /// Kinds of model beside the usual one.
    @ParameterizedTest
    @ValueSource(strings = {"fusion=gated-joint", "fusion={kind: dual-stream, hidden_state: -2, adapter_layers: 1}",
        "dit.detail_head={width: 4, layers: 2}"})
    void everyKindOfModelGoesOn(String kind) throws IOException {
        var recipe = recipe("model." + kind, "stages.joint.steps=21", "checkpoints.every=100");
        var whole = temp.resolve("whole");
        var parts = temp.resolve("parts");
        train(recipe, whole, 40);
        train(recipe, parts, 17);
        train(recipe, parts, 40);
        assertSameState(parts, whole);
        assertThat(parts.resolve("previews/step-000030.png")).hasSameBinaryContentAs(whole.resolve("previews/step-000030.png"));
        assertThat(rows(whole).stream().filter(row -> row.containsKey("loss"))).hasSize(40);
    }

    /// Adapters are saved and averaged beside the weights, and what they leave out goes on.
    @Test
    void adaptersGoOn() throws IOException {
        var recipe = recipe("model.adapters={llm: {rank: 2, dropout: 0.2}, dit: {rank: 2, dropout: 0.2}}",
                "stages.fuse.lr={dit-adapter: 1e-2}", "stages.joint.lr={dit-adapter: 1e-2, llm-adapter: 1e-2}", "stages.joint.steps=21",
                "logging.preview_every=100", "checkpoints.every=100");
        var whole = temp.resolve("whole");
        var parts = temp.resolve("parts");
        train(recipe, whole, 40);
        for (int step : new int[] {7, 20, 27, 40}) {
            train(recipe, parts, step);
        }
        assertSameState(parts, whole);
        try (var average = SafeTensors.open(whole.resolve("checkpoints/latest/ema.safetensors"))) {
            assertThat(average.names()).isNotEmpty().allMatch(name -> name.contains(".lora_"));
        }
    }

    /// Heads of alignment learn and are saved with the model; models that generate images do without.
    @Test
    void alignmentGoesOn() throws IOException {
        var recipe = recipe(
                "stages.fuse.losses.repa={teacher: {kind: random}, layer: 1, width: 16, match: interpolate-features, until_step: 15}",
                "stages.joint.losses.contrastive={layer: 2, width: 8, masked_share: 1}", "stages.joint.steps=21",
                "logging.preview_every=100", "checkpoints.every=100");
        var whole = temp.resolve("whole");
        var parts = temp.resolve("parts");
        train(recipe, whole, 40);
        for (int step : new int[] {10, 17, 30, 40}) {
            train(recipe, parts, step);
        }
        assertSameState(parts, whole);
        assertThat(rows(whole)).anyMatch(row -> row.containsKey("repa")).anyMatch(row -> row.containsKey("contrastive"));
        try (var loaded = SavedModel.load(whole)) {
            assertThat(loaded.bundle().weights().all().map(parameter -> parameter.name()))
                    .noneMatch(name -> name.startsWith("alignment."));
            try (var file = SafeTensors.open(loaded.folder().resolve("model.safetensors"))) {
                assertThat(file.names()).contains("alignment.fuse.repa.first.weight", "alignment.joint.contrastive.log_scale");
            }
        }
    }

    /// What the rules remember (usual gradients, losses that stop a stage, layers that unfreeze) goes over too; a stage that ends early is
    /// over.
    @Test
    void rulesGoOnAsIfNothingHadBeen() throws IOException {
        var recipe =
                recipe("stages.fuse.huge_gradient={over: 1.05, window: 6, action: shrink}", "stages.fuse.stop={patience: 3, window: 8}",
                        "stages.joint.groups.upper={part: llm, layers: [0, 1], thaw: {every: 7}}", "stages.joint.lr.upper=1e-3",
                        "stages.joint.huge_gradient={over: 1.02, window: 4}", "stages.joint.steps=21", "logging.preview_every=100",
                        "checkpoints.every=100");
        train(recipe, temp.resolve("whole"), 40);
        for (int step : new int[] {5, 9, 11, 20, 25, 28, 33, 40}) {
            train(recipe, temp.resolve("parts"), step);
        }
        var rows = rows(temp.resolve("whole"));
        assertThat(rows.stream().filter(row -> "shrunk".equals(row.get("outcome")))).as("else this shows nothing").isNotEmpty();
        assertThat(rows.stream().filter(row -> "left_out".equals(row.get("outcome")))).isNotEmpty();
        assertThat(rows.stream().filter(row -> row.containsKey("loss")).count()).as("a stage that ends early").isLessThan(40);
        assertSameState(temp.resolve("parts"), temp.resolve("whole"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 20, 39})
    void whereverItIsStopped(int step) throws IOException {
        train(recipe(), temp.resolve("run"), step);
        train(recipe(), temp.resolve("run"), Long.MAX_VALUE);
        assertSame(temp.resolve("run"), uninterrupted());
    }

    @Test
    @Tag("training")
    void stoppedOften() throws IOException {
        for (int step : new int[] {3, 4, 4, 11, 20, 21, 32}) {
            train(recipe(), temp.resolve("run"), step);
        }
        train(recipe(), temp.resolve("run"), Long.MAX_VALUE);
        assertSame(temp.resolve("run"), uninterrupted());
    }

    /// However a batch is split, its samples are the same, in the same order.
    @Test
    void anotherAccumulationSeesTheSameSamples() {
        train(recipe("stages.fuse.accumulation=4", "stages.joint.accumulation=1", "data.workers=1"), temp.resolve("run"), 30);
        var samples = samples(temp.resolve("run"));
        assertThat(samples).hasSize(30).startsWith("0-3", "4-7").isEqualTo(samples(uninterrupted()).subList(0, 30));
    }

    /// Who loads first changes no bit.
    @ParameterizedTest
    @ValueSource(ints = {1, 7})
    void anotherNumberOfLoadersChangesNoBit(int workers) throws IOException {
        train(recipe("data.workers=" + workers), temp.resolve("run"), Long.MAX_VALUE);
        assertSame(temp.resolve("run"), uninterrupted());
    }
}
