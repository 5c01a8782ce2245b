package dev.fusedit.trainer.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.fusion.dit.ImagePositions;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Kernels;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.OpProfile;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Threads;
import dev.fusedit.torch.fused.Fused;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.data.BatchSlice;
import dev.fusedit.trainer.data.Carried;
import dev.fusedit.trainer.data.stored.StoredBatch;
import dev.fusedit.trainer.data.stored.StoredRow;
import dev.fusedit.trainer.optim.Gradients;
import dev.fusedit.trainer.optim.LossScale;
import dev.fusedit.trainer.optim.StopRule;
import dev.fusedit.trainer.step.DivergedException;
import dev.fusedit.trainer.step.FirstBad;
import dev.fusedit.trainer.step.LossValues;
import dev.fusedit.trainer.step.Ranks;
import dev.fusedit.trainer.step.StepOutcome;
import dev.fusedit.trainer.step.TrainableParameter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("training")
@Threads(atMost = Fused.MOST_THREADS)
@ExtendWith(NoTensorLeaks.class)
class StageLoopTest {
    private static final String UP = "dit.layers.1.mlp.up_proj.weight";

    /// Captions have different lengths and some are dropped: a mean over micro-batches would weight their tokens unevenly.
    @ParameterizedTest
    @ValueSource(strings = {"captions", "text"})
    void aBatchInFourPartsLearnsWhatTheWholeDoes(String corpus) {
        String[] settings = {"run.precision=f64", "stages.joint.losses.language.corpus=" + corpus, "stages.joint.grad_clip=0.5",
            "stages.joint.caption_dropout=0.3", "stages.joint.batch=32", "stages.joint.lr={dit: 1e-2, llm: 1e-2}"};
        try (var whole = TinyStage.of(settings);
                var parts = TinyStage.of(settings);
                var cut = TinyStage.of(java.util.stream.Stream.concat(java.util.stream.Stream.of(settings),
                        java.util.stream.Stream.of("stages.joint.accumulation=4")).toArray(String[]::new));
                var a = whole.loop();
                var b = cut.loop()) {
            for (int i = 0; i < 2; i++) {
                var one = a.step();
                var four = b.step();
                assertThat(four.total()).isCloseTo(one.total(), within(1e-12));
                assertThat(four.gradientNorm()).isCloseTo(one.gradientNorm(), within(1e-11));
                assertThat(four.losses().keySet()).containsExactlyInAnyOrder("flow", "language");
                one.losses().forEach((name, loss) -> assertThat(four.losses().get(name)).as(name).isCloseTo(loss, within(1e-12)));
                assertThat(four.samples()).isEqualTo(one.samples());
            }
            whole.bundle.weights().all().forEach(parameter -> assertThat(
                    parameter.master().allClose(cut.bundle.weights().parameter(parameter.name()).master(), 1e-9, 1e-11))
                    .as(parameter.name()).isTrue());
            assertThat(TinyStage.differences(whole.everything(), parts.everything())).as("something was learned").isNotEmpty();
        }
    }

    /// One lane is the whole micro-batch; more learn the same. Run again, as many lanes give the same bits, whatever their timing, with more
    /// lanes than cores and than samples too (7 samples, so 8 lanes are 7).
    @ParameterizedTest
    @CsvSource({"captions, 2", "captions, 3", "captions, 4", "captions, 8", "text, 2", "text, 3", "text, 4", "text, 8"})
    void lanesLearnWhatTheWholeDoes(String corpus, int lanes) {
        String[] settings = {"run.precision=f64", "stages.joint.losses.language.corpus=" + corpus, "stages.joint.caption_dropout=0.3",
            "stages.joint.batch=7", "stages.joint.lr={dit: 1e-2, llm: 1e-2}", "run.lanes=" + lanes};
        String[] inOne = settings.clone();
        inOne[inOne.length - 1] = "run.lanes=1";
        int threads = Libtorch.threads();
        try (var whole = TinyStage.of(inOne); var cut = TinyStage.of(settings); var again = TinyStage.of(settings)) {
            Libtorch.setThreads(2);
            try (var one = whole.loop()) {
                one.step();
                one.step();
            }
            try (var two = cut.loop(); var twice = again.loop()) {
                for (int i = 0; i < 2; i++) {
                    assertThat(twice.step().losses()).isEqualTo(two.step().losses());
                }
            }
            whole.bundle.weights().all().forEach(parameter -> assertThat(
                    parameter.master().allClose(cut.bundle.weights().parameter(parameter.name()).master(), 1e-9, 1e-11))
                    .as(parameter.name()).isTrue());
            assertThat(TinyStage.differences(cut.everything(), again.everything())).isEmpty();
        } finally {
            Libtorch.setThreads(threads);
        }
    }

    private static long gelus() {
        try (var tiny = TinyStage.of("run.lanes=1", "run.precision=f32"); var loop = tiny.loop(); var profile = OpProfile.open()) {
            loop.step();
            return profile.rows().stream().filter(row -> row.op().startsWith("gelu")).mapToLong(OpProfile.Row::calls).sum();
        }
    }

    /// Where the kernels serve they leave libtorch no GELU, of the image side nor of the text.
    @Test
    @Threads(atMost = 1)
    void layersOfAStepAreComputedByKernelsOnFewThreadsAndByLibtorchOnMany() {
        long byKernels = gelus();
        Libtorch.setThreads(Fused.MOST_THREADS + 1);
        long byLibtorch = gelus();
        assertThat(byLibtorch).isGreaterThanOrEqualTo(2);
        assertThat(byKernels).isEqualTo(Kernels.expected() ? 0 : byLibtorch);
    }

    /// The whole step in f64, two micro-batches, with and without activation checkpointing, and with adapters: the central difference of the
    /// step's loss along one direction in each parameter.
    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"false; joint; run.precision=f64", "true; joint; run.precision=f64",
        "false; joint; " + AdaptersTest.ADAPTERS, "true; joint; " + AdaptersTest.ADAPTERS, "false; gated-joint; " + AdaptersTest.ADAPTERS,
        "true; cross; " + AdaptersTest.ADAPTERS})
    void gradientsAreThoseOfFiniteDifferences(boolean checkpointing, String fusion, String adapters) {
        try (var tiny =
                TinyStage.of("run.precision=f64", "model.fusion=" + fusion, adapters, "stages.joint.checkpointing=" + checkpointing,
                        "stages.joint.caption_dropout=0.3",
                        "stages.joint.losses.flow.shift=3", "stages.joint.losses.flow.weighting=cosmap")) {
            var weights = tiny.bundle.weights();
            weights.train(_ -> true);
            try (var gradients = new Gradients(weights.trainable())) {
                loss(tiny, checkpointing, gradients);
                for (var parameter : weights.trainable()) {
                    var gradient = gradients.of(parameter.name());
                    if (gradient == null) {
                        continue; // nothing reads it
                    }
                    double step = 1e-5;
                    var direction = dev.fusedit.torch.Tensor.randn(dev.fusedit.torch.Seed.of(4), DType.F64, parameter.master().shape());
                    var before = parameter.master().detach().copy();
                    double[] losses = new double[2];
                    for (int i = 0; i < 2; i++) {
                        try (var _ = Autograd.noGrad()) {
                            parameter.master().copyInPlace(before.addScaled(direction, i == 0 ? step : -step));
                        }
                        losses[i] = loss(tiny, false, null);
                    }
                    try (var _ = Autograd.noGrad()) {
                        parameter.master().copyInPlace(before);
                    }
                    double slope = (losses[0] - losses[1]) / (2 * step);
                    double expected = gradient.mul(direction).sum().item();
                    assertThat(slope).as(parameter.name()).isCloseTo(expected, within(1e-6 * Math.max(1e-3, Math.abs(expected)) + 1e-9));
                }
            }
        }
    }

    private static double loss(TinyStage tiny, boolean checkpointing, @org.jspecify.annotations.Nullable Gradients gradients) {
        double total = 0;
        try (var _ = TensorScope.open()) {
            var losses = tiny.losses();
            for (var part : losses.parts(tiny.batch(0), 7, 2)) {
                try (var _ = TensorScope.open(); var pass = losses.model().pass(checkpointing)) {
                    var found = losses.of(pass, part);
                    total += found.total().item();
                    if (gradients != null) {
                        pass.backward(found.total());
                        gradients.take(tiny.bundle.weights());
                    }
                }
            }
        }
        return total;
    }

    @Test
    void tablesOfPositionsHaveRoomForTheLargestStage() {
        try (var tiny = TinyStage.of("model.positions=ape", "stages.fuse.resolution=64")) {
            int patch = tiny.recipe.model().dit().patch();
            assertThat(tiny.bundle.model().dit().config().positions()).isEqualTo(new ImagePositions.Absolute(64 / patch, 64));
        }
    }

    // ---- precisions

    @ParameterizedTest
    @ValueSource(strings = {"f32", "bf16", "f16", "pure-bf16", "f64"})
    void learnsInEveryPrecision(String precision) {
        try (var tiny = TinyStage.of("run.precision=" + precision, "stages.joint.lr={dit: 1e-2, llm: 1e-3}", "stages.joint.steps=30");
                var loop = tiny.loop()) {
            var first = loop.step();
            StageLoop.Report last = first;
            while (!loop.isDone()) {
                last = loop.step();
            }
            assertThat(last.total()).isLessThan(0.8 * first.total());
            var compute = tiny.bundle.weights().parameter(UP).compute().dtype();
            assertThat(compute).isEqualTo(switch (precision) {
                case "f16" -> DType.F16;
                case "f32" -> DType.F32;
                case "f64" -> DType.F64;
                default -> DType.BF16;
            });
            tiny.optimizerState.state().forEach((name, moment) -> assertThat(moment.dtype()).as(name).isEqualTo(compute.wide()));
            tiny.emaWeights.averages().forEach((name, value) -> assertThat(value.dtype()).as(name).isEqualTo(DType.F32));
        }
    }

    @Test
    void anOverflowInF16ChangesNothingButTheScale() {
        try (var tiny = TinyStage.of("run.precision=f16"); var loop = tiny.loop()) {
            loop.step();
            loop.restoreRules(new StageState(tiny.optimizerState.steps(), new LossScale(0x1p40, 5, 0), List.of(), StopRule.State.NOTHING));
            var before = tiny.everything();
            var steps = tiny.optimizerState.steps();
            long updates = tiny.emaWeights.updates();
            var report = loop.step();
            assertThat(report.outcome()).isEqualTo(StepOutcome.OVERFLOWED);
            assertThat(report.lossScale()).isEqualTo(0x1p40);
            assertThat(TinyStage.differences(before, tiny.everything())).isEmpty();
            assertThat(tiny.optimizerState.steps()).isEqualTo(steps);
            assertThat(tiny.emaWeights.updates()).isEqualTo(updates);
            assertThat(loop.state().lossScale()).isEqualTo(new LossScale(0x1p39, 0, 1));
        }
    }

    @Test
    void whatOverflowsTwentyTimesInF16IsNotTheScalesFault() {
        try (var tiny = TinyStage.of("run.precision=f16", "stages.joint.steps=40"); var loop = tiny.loop()) {
            poison(tiny, UP);
            for (int i = 0; i < 19; i++) {
                assertThat(loop.step().outcome()).isEqualTo(StepOutcome.OVERFLOWED);
            }
            assertThat(catchThrowableOfType(DivergedException.class, loop::step).stepsDone()).isEqualTo(tiny.plan.firstStep() + 19);
        }
    }

    // ---- numbers that are none

    @Test
    void theFirstTensorThatWentBadIsNamedAndNothingIsChanged() {
        try (var tiny = TinyStage.of("stages.joint.accumulation=2"); var loop = tiny.loop()) {
            loop.step();
            poison(tiny, UP);
            var before = tiny.everything();
            var thrown = catchThrowableOfType(DivergedException.class, loop::step);
            assertThat(thrown).hasMessageContaining("stage 'joint'").hasMessageContaining("is dit.layer.1 ")
                    .hasMessageContaining("at step " + (tiny.plan.firstStep() + 2)).hasMessageContaining("samples 24 to 31");
            assertThat(thrown.stepsDone()).isEqualTo(tiny.plan.firstStep() + 1);
            var after = tiny.everything();
            before.forEach((name, value) -> assertThat(after.get(name).toFloats()).as(name).isEqualTo(value.toFloats()));
        }
    }

    private static void poison(TinyStage tiny, String name) {
        var parameter = tiny.bundle.weights().parameter(name);
        try (var _ = Autograd.noGrad()) {
            parameter.master().fillInPlace(Double.NaN);
            parameter.compute().fillInPlace(Double.NaN);
        }
    }

    @Test
    void aBadGradientIsNamedWhereItArose() {
        try (var tiny = TinyStage.of()) {
            var weights = tiny.bundle.weights();
            weights.train(_ -> true);
            weights.parameter("dit.layers.0.mlp.down_proj.weight").compute().mul(Double.NaN).sum().backward();
            weights.parameter(UP).compute().mul(Double.POSITIVE_INFINITY).sum().backward();
            weights.parameter("dit.proj_out.weight").compute().sum().backward();
            try (var gradients = new Gradients(weights.trainable())) {
                gradients.take(weights);
                assertThat(FirstBad.of(tiny.losses(), List.of(), new LossValues(1, Map.of("flow", 1.0)), gradients, Ranks.ALONE))
                        .as("backward goes from the last layer to the first").isEqualTo("the gradient of " + UP);
            }
        }
    }

    /// The language model, which such a step does not run, is well.
    @Test
    void aBadRowOfTheTrainingCacheIsNamed() {
        try (var tiny = TinyStage.of(); var _ = TensorScope.open(); var gradients = new Gradients(tiny.bundle.weights().trainable())) {
            var batch = tiny.batch(0);
            var losses = tiny.losses();
            var planes = tiny.bundle.model().planes(losses.parts(batch, 0, 1).getFirst().prompt()).shape();
            var rows = Arrays.stream(batch.captionTokens()).map(ids -> row(planes, ids.length, 0)).collect(Collectors.toList());
            rows.set(3, row(planes, batch.captionTokens()[3].length, Float.NaN));
            var cached = new Batch(batch.images(), batch.size(), batch.captions(), batch.captionTokens(), batch.instruction(),
                    batch.sentenceTokens(), batch.keys(), StoredBatch.of(List.of(), rows), BatchSlice.WHOLE, batch.allImages(),
                    batch.allSentences(), Carried.NOTHING);
            assertThat(FirstBad.of(losses, losses.parts(cached, 0, 1), new LossValues(Double.NaN, Map.of("flow", Double.NaN)), gradients,
                    Ranks.ALONE)).isEqualTo("the training cache's captions");
        }
    }

    /// Of one text, (P, K, t, W).
    private static StoredRow row(long[] planes_PBKTW, int tokens, float number) {
        long planes = planes_PBKTW[0], heads = planes_PBKTW[2], width = planes_PBKTW[4];
        var numbers = new float[Math.toIntExact(planes * heads * tokens * width)];
        Arrays.fill(numbers, number);
        return StoredRow.of(DType.F32, numbers, planes, heads, tokens, width);
    }

    // ---- what learns, and how fast

    @Test
    void layersThawOneAfterTheOther() {
        try (var tiny = TinyStage.of("stages.joint.groups={top: {part: dit, layers: [0, 1], thaw: {every: 2}}}",
                "stages.joint.lr={top: 1e-2, llm: 0.01}", "stages.joint.optimizer={kind: adamw, weight_decay: 0.1}");
                var loop = tiny.loop()) {
            var start = tiny.everything();
            loop.step();
            loop.step();
            var two = TinyStage.differences(start, tiny.everything());
            assertThat(two).contains("master dit.layers.1.mlp.up_proj.weight").noneMatch(name -> name.startsWith("master dit.layers.0."))
                    .noneMatch(name -> name.startsWith("master dit.proj_out"));
            loop.step();
            assertThat(TinyStage.differences(start, tiny.everything())).contains("master dit.layers.0.mlp.up_proj.weight");
            assertThat(tiny.optimizerState.steps()).containsEntry("dit.layers.1.mlp.up_proj.weight", 3L)
                    .containsEntry("dit.layers.0.mlp.up_proj.weight", 1L);
        }
    }

    @Test
    void weightDecayIsOfTheGroupAndOfWhatDecays() {
        try (var tiny = TinyStage.of("stages.joint.groups={top: {part: dit, layers: [1, 1], weight_decay: 0.5}}",
                "stages.joint.lr={dit: 1e-2, top: 1e-3, llm: 1e-4}",
                "stages.joint.optimizer={kind: adamw, weight_decay: 0.1, decay: matrices}")) {
            var trainables = TrainableParameter.of(tiny.plan.stage(), tiny.bundle.weights()).stream()
                    .collect(java.util.stream.Collectors.toMap(trainable -> trainable.parameter().name(), trainable -> trainable));
            assertThat(trainables.get(UP).decay()).isEqualTo(0.5);
            assertThat(trainables.get(UP).base()).isEqualTo(1e-3);
            assertThat(trainables.get("dit.layers.0.mlp.up_proj.weight").decay()).isEqualTo(0.1);
            assertThat(trainables.get("dit.patch_embed.proj.weight").decay()).isEqualTo(0.1);
            assertThat(trainables.get("dit.patch_embed.proj.bias").decay()).isZero();
            assertThat(trainables.get("llm.embed_tokens.weight").decay()).isZero();
            assertThat(trainables.get("llm.layers.0.input_layernorm.weight").decay()).isZero();
        }
    }

    /// Without a language loss nothing reads the last layer's queries. The reference decays them all the same.
    @ParameterizedTest
    @CsvSource({"none, joint, false", "reference, joint, true", "reference, cross, false"})
    void theLastQueriesDecayOnlyAsTheReferenceDoes(String compatibility, String fusion, boolean decays) {
        var name = "llm.layers.1.self_attn.q_proj.weight";
        try (var tiny = TinyStage.of("run.compatibility=" + compatibility, "model.fusion=" + fusion, "stages.joint.losses={flow: {}}",
                "stages.joint.lr={dit: 1e-2, llm: 1e-2}", "stages.joint.optimizer={kind: adamw, weight_decay: 0.5}");
                var loop = tiny.loop()) {
            var before = tiny.everything();
            loop.step();
            var after = tiny.everything();
            assertThat(after.get("master " + name).sameValues(before.get("master " + name))).isNotEqualTo(decays);
            if (decays) {
                assertThat(after.get("master " + name).allClose(before.get("master " + name).mul(1 - 1e-2 * 0.5), 1e-6, 1e-7)).isTrue();
            }
            var mlp = "master llm.layers.1.mlp.up_proj.weight";
            assertThat(after.get(mlp).sameValues(before.get(mlp))).as("what has no gradient is left alone").isTrue();
        }
    }

    // ---- rules

    @Test
    void aGradientSpikeIsSkipped() {
        try (var tiny = TinyStage.of("stages.joint.huge_gradient={over: 1.0000001, window: 2}"); var loop = tiny.loop()) {
            var left = 0;
            while (!loop.isDone()) {
                var before = tiny.everything();
                var report = loop.step();
                if (report.outcome() == StepOutcome.LEFT_OUT) {
                    left++;
                    assertThat(TinyStage.differences(before, tiny.everything())).isEmpty();
                } else {
                    assertThat(TinyStage.differences(before, tiny.everything())).isNotEmpty();
                }
            }
            assertThat(left).isBetween(1, 9);
            assertThat(loop.state().norms()).hasSize(2);
        }
    }

    @Test
    void aStopRuleEndsTheStage() {
        try (var tiny = TinyStage.of("stages.joint.stop={loss_below: 1e6, window: 3}"); var loop = tiny.loop()) {
            int steps = 0;
            for (; !loop.isDone(); steps++) {
                loop.step();
            }
            assertThat(steps).isEqualTo(3);
        }
    }

    @Test
    void theEmaIsUpdatedAtMultiplesOfItsPeriod() {
        try (var tiny = TinyStage.of("stages.joint.ema={decay: 0.5, every: 4, warm: false}"); var loop = tiny.loop()) {
            for (int i = 0; i < 12; i++) {
                loop.step();
            }
            assertThat(tiny.emaWeights.updates()).as("steps 7 + 1 … 7 + 12: 8, 12, 16").isEqualTo(3);
        }
    }

    @Test
    void momentsGoToTheNextStageIfItSaysSo() {
        for (boolean keep : new boolean[] {false, true}) {
            try (var tiny = TinyStage.of("stages.joint.keep_optimizer=" + keep); var first = tiny.loop()) {
                first.step();
                try (var second = tiny.loop()) {
                    second.step();
                    assertThat(tiny.optimizerState.steps()).containsEntry(UP, keep ? 2L : 1L);
                }
            }
        }
    }

    // ---- going on

    @ParameterizedTest
    @CsvSource({"f32, adamw", "bf16, adafactor", "f16, muon", "pure-bf16, adamw", "bf16, muon", "pure-bf16, adafactor"})
    void goesOnToTheBit(String precision, String optimizer, @TempDir Path folder) {
        String[] settings = {"run.precision=" + precision, "stages.joint.optimizer=" + optimizer, "stages.joint.accumulation=2",
            "stages.joint.huge_gradient={over: 1.05, window: 3}", "stages.joint.stop={patience: 100, window: 2}",
            "stages.joint.groups={top: {part: dit, layers: [0, 1], thaw: {every: 5}}}", "stages.joint.lr={dit: 1e-3, top: 1e-3, llm: 1e-3}",
            "stages.joint.schedule=cosine", "stages.joint.warm_up=2"};
        try (var whole = TinyStage.of(settings);
                var half = TinyStage.of(settings);
                var rest = TinyStage.of(settings);
                var uncut = whole.loop();
                var before = half.loop()) {
            for (int i = 0; i < 8; i++) {
                uncut.step();
            }
            for (int i = 0; i < 4; i++) {
                before.step();
            }
            half.save(folder, before);
            try (var after = rest.resumed(folder, 4, before.state(), half.emaWeights.updates())) {
                for (int i = 4; i < 8; i++) {
                    after.step();
                }
                assertThat(TinyStage.differences(whole.everything(), rest.everything())).isEmpty();
                assertThat(after.state()).isEqualTo(uncut.state());
                assertThat(rest.emaWeights.updates()).isEqualTo(whole.emaWeights.updates());
            }
        }
    }
}
