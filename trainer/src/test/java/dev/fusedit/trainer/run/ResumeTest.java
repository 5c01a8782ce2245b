package dev.fusedit.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.log.MetricsLog;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.model.SavedModel;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
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

    @TempDir
    private static Path uninterrupted;

    @TempDir
    private Path temp;

    private static Recipe recipe(String... settings) { return Recipe.parse(RECIPE, "resumed.yaml", List.of(settings)); }

    @BeforeAll
    static void trainWithoutAStop() { train(recipe(), uninterrupted.resolve("run"), Long.MAX_VALUE); }

    private static Outcome train(Recipe recipe, Path folder, long upTo) { return train(recipe, folder, upTo, new ArrayList<>()); }

    private static Outcome train(Recipe recipe, Path folder, long upTo, List<String> said) {
        try (var start = RunStart.in(folder, recipe, Resume.AUTO, said::add, RunLength::asWritten);
                var run = new TrainingRun(start, Interrupts.none(), ProgressLine.silent())) {
            return run.run(upTo);
        }
    }

    // ---- 40 = 17 + 23

    @ParameterizedTest
    @CsvSource({"f32, adamw", "f32, adafactor", "f32, muon", "bf16, adamw", "bf16, adafactor", "bf16, muon", "f16, adamw", "f16, adafactor",
        "f16, muon",
        "pure-bf16, adamw", "pure-bf16, adafactor", "pure-bf16, muon", "f64, adamw",
        "f64, adafactor", "f64, muon"})
    void seventeenAndTwentyThreeStepsAreForty(String precision, String optimizer) throws IOException {
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
        assertSame(temp.resolve("run"), uninterrupted.resolve("run"));
    }

    @Test
    @Tag("training")
    void stoppedOften() throws IOException {
        for (int step : new int[] {3, 4, 4, 11, 20, 21, 32}) {
            train(recipe(), temp.resolve("run"), step);
        }
        train(recipe(), temp.resolve("run"), Long.MAX_VALUE);
        assertSame(temp.resolve("run"), uninterrupted.resolve("run"));
    }

    private static void assertSame(Path run, Path expected) throws IOException {
        assertSameState(run, expected);
        for (var image : List.of("previews/step-000010.png", "previews/step-000030.png", "samples.png", "loss.png")) {
            assertThat(run.resolve(image)).as(image).hasSameBinaryContentAs(expected.resolve(image));
        }
    }

    private static void assertSameState(Path run, Path expected) {
        for (var file : TENSORS) {
            assertThat(run.resolve("checkpoints/step-40").resolve(file)).as(file)
                    .hasSameBinaryContentAs(expected.resolve("checkpoints/step-40").resolve(file));
        }
        assertThat(run.resolve("checkpoints/step-40/state.json"))
                .hasSameBinaryContentAs(expected.resolve("checkpoints/step-40/state.json"));
        assertThat(rows(run)).isEqualTo(rows(expected));
    }

    /// Without times and what is told of going on.
    private static List<Map<String, Object>> rows(Path run) {
        return MetricsLog.rows(run.resolve("metrics.jsonl")).stream().filter(row -> !"resume".equals(row.get("event"))).map(row -> {
            Map<String, Object> timeless = new LinkedHashMap<>(row);
            timeless.keySet().removeAll(MetricsLog.TIMES);
            return timeless;
        }).toList();
    }

    /// However a batch is split, its samples are the same, in the same order.
    @Test
    void anotherAccumulationSeesTheSameSamples() {
        train(recipe("stages.fuse.accumulation=4", "stages.joint.accumulation=1", "data.workers=1"), temp.resolve("run"), 30);
        var samples = samples(temp.resolve("run"));
        assertThat(samples).hasSize(30).startsWith("0-3", "4-7").isEqualTo(samples(uninterrupted.resolve("run")).subList(0, 30));
    }

    /// Who loads first changes no bit.
    @ParameterizedTest
    @ValueSource(ints = {1, 7})
    void anotherNumberOfLoadersChangesNoBit(int workers) throws IOException {
        train(recipe("data.workers=" + workers), temp.resolve("run"), Long.MAX_VALUE);
        assertSame(temp.resolve("run"), uninterrupted.resolve("run"));
    }

    private static List<Object> samples(Path run) {
        return rows(run).stream().map(row -> row.get("samples")).filter(Objects::nonNull).toList();
    }

    // ---- what is found in the folder

    @Test
    void rowsAfterTheCheckpointAreCutAndTheResumptionIsTold() throws IOException {
        var run = temp.resolve("run");
        train(recipe(), run, 12);
        var metrics = run.resolve("metrics.jsonl");
        Files.writeString(metrics, "{\"step\":13,\"loss\":9}\n{\"step\":14,\"lo", StandardOpenOption.APPEND); // as a kill leaves it
        train(recipe(), run, 20);
        var rows = MetricsLog.rows(metrics);
        assertThat(rows).contains(Map.of("event", "resume", "step", 12));
        assertThat(Files.readString(metrics)).contains("{\"event\":\"resume\",\"step\":12}\n");
        assertThat(rows.stream().filter(row -> row.containsKey("loss")).map(row -> row.get("step")))
                .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20);
        assertThat(rows.stream().filter(row -> row.get("step").equals(13)).map(row -> row.get("loss"))).doesNotContain(9);
    }

    @Test
    void ofADamagedCheckpointTheOneBeforeIsTaken() throws IOException {
        var run = temp.resolve("run");
        train(recipe(), run, 17);
        var weights = run.resolve("checkpoints/step-17/model.safetensors");
        var bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        var said = new ArrayList<String>();
        train(recipe(), run, Long.MAX_VALUE, said);
        assertThat(said).singleElement().asString().contains("step-17", "model.safetensors is damaged", "set aside as step-17.damaged");
        assertThat(MetricsLog.rows(run.resolve("metrics.jsonl"))).contains(Map.of("event", "resume", "step", 15));
        assertSame(run, uninterrupted.resolve("run"));
    }

    @Test
    void aRunThatWasKilledBeforeItsFirstCheckpointBeginsAnew() throws IOException {
        var run = temp.resolve("run");
        RunFolder.create(run, recipe().canonical());
        Files.writeString(run.resolve("metrics.jsonl"), "{\"step\":1,\"loss\":9}\n");
        train(recipe(), run, Long.MAX_VALUE);
        assertThat(MetricsLog.rows(run.resolve("metrics.jsonl"))).contains(Map.of("event", "resume", "step", 0));
        assertSame(run, uninterrupted.resolve("run"));
    }

    @Test
    void aFinishedRunIsSaidToBeFinished() {
        try (var start = RunStart.in(uninterrupted.resolve("run"), recipe(), Resume.AUTO, _ -> {}, RunLength::asWritten)) {
            assertThat(start).isInstanceOf(RunStart.Finished.class);
        }
    }

    @Test
    void aRunUnderAnotherRecipeIsRefusedKeyByKeyAndGoesOnByForce() throws IOException {
        var run = temp.resolve("run");
        train(recipe(), run, 7);
        var changed = recipe("stages.fuse.lr.dit=2e-3", "checkpoints.keep_every=10");
        assertThatThrownBy(() -> RunStart.in(run, changed, Resume.AUTO, _ -> {}, RunLength::asWritten)).isInstanceOf(UserError.class)
                .hasMessageContaining("stages.fuse.lr.dit: now 0.002, was 0.001")
                .hasMessageContaining("checkpoints.keep_every: now 10, was not set").hasMessageContaining("--resume force");
        assertThatThrownBy(() -> RunStart.in(run, recipe(), Resume.NO, _ -> {}, RunLength::asWritten))
                .hasMessageContaining("holds a run already");

        var said = new ArrayList<String>();
        try (var start = RunStart.in(run, changed, Resume.FORCE, said::add, RunLength::asWritten);
                var forced = new TrainingRun(start, Interrupts.none(), ProgressLine.silent())) {
            assertThat(forced.done()).isEqualTo(7);
            forced.run(12);
        }
        assertThat(said).singleElement().asString().contains("goes on under the recipe as it is now. Changed since:",
                "stages.fuse.lr.dit: now 0.002, was 0.001");
        assertThat(run.resolve("recipe.yaml")).content(StandardCharsets.UTF_8).isEqualTo(changed.canonical());
        assertThat(run.resolve("checkpoints").toFile().list()).containsExactlyInAnyOrder("step-10", "step-12", "latest");
    }

    // ---- images go on, whatever is changed

    private void force(Path run, long upTo, String... settings) {
        try (var start = RunStart.in(run, recipe(settings), Resume.FORCE, _ -> {}, RunLength::asWritten);
                var forced = new TrainingRun(start, Interrupts.none(), ProgressLine.silent())) {
            forced.run(upTo);
        }
    }

    /// Numbers of all images in the order in which they were learned from.
    private static List<Long> images(Path run) {
        return samples(run).stream().flatMap(keys -> Stream.of(keys.toString().split(", "))).flatMap(range -> {
            var ends = range.split("-");
            return LongStream.rangeClosed(Long.parseLong(ends[0]), Long.parseLong(ends[ends.length - 1])).boxed();
        }).toList();
    }

    /// In the midst of each stage, twice, and by a kill before the first checkpoint under the other recipe.
    @Test
    void anotherBatchRepeatsNoImageAndLeavesNoneOut() throws IOException {
        var run = temp.resolve("run");
        train(recipe(), run, 7);
        force(run, 12, "stages.fuse.batch=6");
        force(run, 25, "stages.fuse.batch=2", "stages.joint.batch=6");
        var last = new String[] {"stages.fuse.batch=2", "stages.joint.batch=2"};
        RunStart.in(run, recipe(last), Resume.FORCE, _ -> {}, RunLength::asWritten).close();
        train(recipe(last), run, 30);
        force(run, Long.MAX_VALUE, "stages.joint.batch=8");
        long all = 7 * 4 + 5 * 6 + 8 * 2 + 5 * 6 + 5 * 2 + 10 * 8;
        assertThat(images(run)).isEqualTo(LongStream.range(0, all).boxed().toList());
        assertThat(run.resolve("checkpoints/step-40/state.json")).content().contains("\"nextPicture\" : " + all, "\"began\"");
        assertThat(uninterrupted.resolve("run/checkpoints/step-40/state.json")).content().doesNotContain("began");
    }

    /// The epochs of a stage are those of its images: what is left of them is trained on.
    @Test
    void anotherBatchLeavesTheEpochsWhole() throws IOException {
        var run = temp.resolve("run");
        var epochs = new String[] {"data.samples=40",
            "stages.fuse={name: fuse, epochs: 2, batch: 4, lr: {dit: 1e-3}, ema: {decay: 0.9}, losses: {flow: {}}}",
            "stages.joint.steps=1"};
        train(recipe(epochs), run, 5);
        var halved = Stream.concat(Stream.of(epochs), Stream.of("stages.fuse.batch=2")).toArray(String[]::new);
        force(run, 9, halved);
        force(run, Long.MAX_VALUE, halved);
        var keys = images(run);
        assertThat(keys).hasSize(80 + 4);
        assertThat(keys.subList(0, 40)).containsExactlyInAnyOrderElementsOf(LongStream.range(0, 40).boxed().toList());
        assertThat(keys.subList(40, 80)).containsExactlyInAnyOrderElementsOf(LongStream.range(0, 40).boxed().toList());
    }

    /// A stage that has become shorter than what is done of it is over; the next one has all its steps.
    @Test
    void aStageThatHasBecomeShorterIsOver() {
        var run = temp.resolve("run");
        train(recipe(), run, 7);
        force(run, Long.MAX_VALUE, "stages.fuse.steps=5", "stages.fuse.warm_up=1", "stages.joint.steps=4");
        assertThat(images(run)).isEqualTo(LongStream.range(0, (7 + 4) * 4).boxed().toList());
    }

    /// The optimizer is compared with the checkpoint's own, not with the recipe that a kill left in the folder.
    @Test
    void momentsOfAnotherOptimizerAreLeftOutAfterAKillToo() {
        var run = temp.resolve("run");
        train(recipe(), run, 7);
        var muon = recipe("stages.fuse.optimizer=muon");
        RunStart.in(run, muon, Resume.FORCE, _ -> {}, RunLength::asWritten).close();
        var told = new ByteArrayOutputStream();
        try (var start = RunStart.in(run, muon, Resume.AUTO, _ -> {}, RunLength::asWritten);
                var again = new TrainingRun(start, Interrupts.none(), ProgressLine.on(new PrintStream(told), System::nanoTime))) {
            again.run(9);
        }
        assertThat(told.toString(StandardCharsets.UTF_8)).contains("The optimizer begins anew");
    }

    /// What a sum's order depends on is noted, and told where it changes.
    @Test
    void anotherNumberOfThreadsIsTold() throws IOException {
        var run = temp.resolve("run");
        int threads = Libtorch.threads();
        train(recipe(), run, 2);
        assertThat(run.resolve("checkpoints/step-2/times.json")).content().contains("\"threads\":" + threads, "\"cpu\":", "\"libtorch\":");
        try {
            Libtorch.setThreads(threads + 1);
            assertThat(toldOfGoingOn(run, 3)).contains("Up to here the run computed with %d thread".formatted(threads),
                    "from here on with %d threads".formatted(threads + 1), "not in every bit");
            assertThat(toldOfGoingOn(run, 4)).doesNotContain("Up to here");
        } finally {
            Libtorch.setThreads(threads);
        }
    }

    private static String toldOfGoingOn(Path run, long upTo) {
        var told = new ByteArrayOutputStream();
        try (var start = RunStart.in(run, recipe(), Resume.AUTO, _ -> {}, RunLength::asWritten);
                var again = new TrainingRun(start, Interrupts.none(), ProgressLine.on(new PrintStream(told), System::nanoTime))) {
            again.run(upTo);
        }
        return told.toString(StandardCharsets.UTF_8);
    }

    // ---- what is refused

    /// In the folder's name the mended recipe begins, without `--resume force`.
    @Test
    void aRunThatIsRefusedBlocksNothing() {
        var run = temp.resolve("made/run");
        var missing = recipe("weights.llm=" + temp.resolve("none"));
        try (var start = RunStart.in(run, missing, Resume.AUTO, _ -> {}, RunLength::asWritten)) {
            assertThatThrownBy(() -> new TrainingRun(start, Interrupts.none(), ProgressLine.silent())).isInstanceOf(UserError.class);
        }
        assertThat(temp.resolve("made")).doesNotExist();
        RunStart.in(run, missing, Resume.AUTO, _ -> {}, RunLength::asWritten).close(); // as a kill leaves it
        assertThat(train(recipe(), run, 1)).isEqualTo(new Outcome.Paused(1, run.resolve("checkpoints/step-1")));
        assertThatThrownBy(() -> train(missing, run, 2)).isInstanceOf(UserError.class).hasMessageContaining("weights.llm");
    }

    /// What a recipe leaves to the machine is as the run has it, whatever the machine would say now; a number of its own is not.
    @Test
    void whatIsLeftToTheMachineIsAsTheRunHasIt() throws IOException {
        var run = temp.resolve("run");
        train(recipe("run.precision=f64", "run.lanes=3"), run, 2);
        var open = recipe("run.precision=auto", "run.lanes=auto");
        try (var start = RunStart.in(run, open, Resume.AUTO, _ -> {}, RunLength::asWritten)) {
            assertThat(start).isInstanceOf(RunStart.GoingOn.class);
            assertThat(length(start).recipe()).isEqualTo(recipe("run.precision=f64", "run.lanes=3"));
        }
        assertThatThrownBy(
                () -> RunStart.in(run, recipe("run.precision=f32", "run.lanes=auto"), Resume.AUTO, _ -> {}, RunLength::asWritten))
                .hasMessageContaining("run.precision: now f32, was f64").message().doesNotContain("lanes");
        assertThatThrownBy(() -> RunStart.in(run, recipe("run.precision=auto", "run.lanes=2"), Resume.AUTO, _ -> {}, RunLength::asWritten))
                .hasMessageContaining("run.lanes: now 2, was 3").message().doesNotContain("precision");
    }

    private static RunLength length(RunStart start) {
        return switch (start) {
            case RunStart.Fresh fresh -> fresh.length();
            case RunStart.GoingOn on -> on.length();
            case RunStart.Finished _ -> throw new AssertionError("finished");
        };
    }

    @Test
    void aNewRunsFolderHoldsWhatTheMachineDecided() {
        var run = temp.resolve("run");
        try (var start = RunStart.in(run, recipe("run.precision=auto"), Resume.AUTO, _ -> {}, RunLength::asWritten)) {
            var kept = Recipe.find(run.resolve("recipe.yaml").toString(), List.of());
            assertThat(kept).isEqualTo(length(start).recipe());
            assertThat(kept.run().isSettled()).isTrue();
            assertThat(kept.run().precision()).isIn(Run.Precision.F32, Run.Precision.BF16);
        }
    }

    @Test
    void aModelThatDoesNotFitItsCheckpointIsRefusedEvenByForce() {
        var run = temp.resolve("run");
        train(recipe(), run, 2);
        var wider = recipe("model.dit.mlp_width=64");
        try (var start = RunStart.in(run, wider, Resume.FORCE, _ -> {}, RunLength::asWritten)) {
            assertThatThrownBy(() -> new TrainingRun(start, Interrupts.none(), ProgressLine.silent())).isInstanceOf(UserError.class)
                    .hasMessageContaining("does not fit the model").hasMessageContaining("of another shape");
        }
    }

    @Test
    void twoRunsDoNotShareAFolder() {
        try (var _ = RunStart.in(temp.resolve("run"), recipe(), Resume.AUTO, _ -> {}, RunLength::asWritten)) {
            assertThatThrownBy(() -> RunStart.in(temp.resolve("run"), recipe(), Resume.AUTO, _ -> {}, RunLength::asWritten))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("is in use");
        }
        RunStart.in(temp.resolve("run"), recipe(), Resume.AUTO, _ -> {}, RunLength::asWritten).close();
    }

    /// Without a folder's name: what a person expects who gives the same command again.
    @Test
    void theNewestUnfinishedRunOfTheRecipeGoesOn() {
        train(recipe(), temp.resolve("resumed"), 2);
        assertThat(found(recipe(), Resume.AUTO)).isEqualTo("resumed");
        assertThat(found(recipe(), Resume.NO)).isEqualTo("resumed-2");
        assertThat(found(recipe("run.seed=6"), Resume.AUTO)).as("2 is of another recipe than this").isEqualTo("resumed-3");
        assertThat(found(recipe(), Resume.AUTO)).as("3 is the newest, and of another recipe").isEqualTo("resumed-4");
        assertThat(found(recipe(), Resume.AUTO)).isEqualTo("resumed-4");
    }

    private String found(Recipe recipe, Resume resume) {
        try (var start = RunStart.below(temp, recipe, resume, _ -> {}, RunLength::asWritten)) {
            return start.folder().folder().getFileName().toString();
        }
    }
}
