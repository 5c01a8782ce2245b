package dev.fusedit.trainer.pace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.trainer.stage.RecipeData;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.sampling.SamplingProgress;
import dev.fusedit.trainer.stage.RunTensors;
import dev.fusedit.trainer.stage.StageParts;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class PaceTest {
    private static final Recipe QUICKSTART = Recipe.find("quickstart",
            List.of("stages.fuse.steps=2500", "stages.fuse.batch=32", "stages.joint.batch=32"));
    private static final Pace PACE = new Pace(List.of(0.08, 0.25, 0.3), 0.06);

    private static Recipe minimal(String... settings) { return Recipe.find("tests/minimal", List.of(settings)); }

    // ---- the trial

    /// Weights, what computes, averages, moments and which weights learn.
    @ParameterizedTest
    @ValueSource(strings = {"f32", "bf16", "f16", "pure-bf16"})
    void aTrialChangesNothing(String precision) {
        var recipe = minimal("run.precision=" + precision, "stages.joint.optimizer=muon");
        var tokenizer = RecipeTokenizers.of(recipe);
        try (var _ = TensorScope.open(); var tensors = RunTensors.of(recipe, tokenizer, null)) {
            var parts = new StageParts(recipe, RecipeData.like(recipe, tokenizer), tensors);
            var weights = tensors.bundle().weights();
            weights.train(name -> name.startsWith("llm."));
            var before = bits(tensors);
            var pace = PaceTrial.of(parts, StepEstimate.NONE, 0, () -> false);
            assertThat(pace.steps()).hasSize(3).allSatisfy(seconds -> assertThat(seconds).isPositive());
            assertThat(pace.image()).isPositive();
            assertThat(bits(tensors)).isEqualTo(before);
            assertThat(weights.all().filter(parameter -> parameter.gradient() != null)).isEmpty();
            assertThat(weights.trainable()).isNotEmpty().allSatisfy(parameter -> assertThat(parameter.name()).startsWith("llm."));
            assertThat(tensors.emaWeights().isEmpty()).isTrue();
            assertThat(tensors.optimizerState().state()).isEmpty();
        }
    }

    private static Map<String, List<Float>> bits(RunTensors tensors) {
        var bits = new java.util.TreeMap<String, List<Float>>();
        try (var _ = TensorScope.open()) {
            tensors.bundle().weights().all().forEach(parameter -> {
                bits.put(parameter.name(), floats(parameter.master().detach().to(DType.F32).toFloats()));
                bits.put(parameter.name() + " computed", floats(parameter.compute().detach().to(DType.F32).toFloats()));
            });
        }
        return bits;
    }

    private static List<Float> floats(float[] values) {
        var list = new ArrayList<Float>();
        for (float value : values) {
            list.add(value);
        }
        return list;
    }

    /// What is over is not tried, and a signal ends a trial at once.
    @Test
    void onlyWhatIsLeftIsTried() {
        var recipe = minimal();
        var tokenizer = RecipeTokenizers.of(recipe);
        try (var _ = TensorScope.open(); var tensors = RunTensors.of(recipe, tokenizer, null)) {
            var parts = new StageParts(recipe, RecipeData.like(recipe, tokenizer), tensors);
            var rest = PaceTrial.of(parts, StepEstimate.NONE, 8, () -> false);
            assertThat(rest.steps().subList(0, 2)).containsOnly(0.0);
            assertThat(rest.steps().getLast()).isPositive();
            assertThat(RunForecast.of(recipe, rest, 8).stages()).containsOnlyKeys("joint");
            assertThat(PaceTrial.of(parts, StepEstimate.NONE, 0, () -> true)).isEqualTo(new Pace(List.of(0.0, 0.0, 0.0), 0));
        }
    }

    /// Neither steps nor images are tried then: a pass over an image is a third of its part of a step, and two of two steps are guided.
    @Test
    void whatTakesTooLongIsEstimated() {
        var pace = Pace.of(minimal(), plan -> OptionalDouble.of(1000 * (plan.index() + 1)));
        assertThat(pace.steps()).containsExactly(1000.0, 2000.0, 3000.0);
        assertThat(pace.image()).isCloseTo(3000 / 4.0 / 3 * 4, within(1e-9));
    }

    /// The first runs are slow, and one of the others may be.
    @Test
    void theLaterHalfOfATrialCounts() {
        assertThat(Trials.later(List.of(9.0, 8.0, 7.0, 1.0, 1.1, 5.0))).isEqualTo(1.1);
        assertThat(Trials.later(List.of(3.0))).isEqualTo(3);
        var left = new int[] {10};
        assertThat(new Trials(1e9, 4, () -> false).usual(() -> left[0]--)).isEqualTo(7.5);
        assertThat(left[0]).as("four at most").isEqualTo(6);
        new Trials(0, 4, () -> false).usual(() -> left[0]--);
        assertThat(left[0]).as("one at least").isEqualTo(5);
        new Trials(1e9, 4, () -> true).usual(() -> left[0]--);
        assertThat(left[0]).as("a signal came").isEqualTo(4);
    }

    /// In runs of 0.25 s Java compiles for 0.1 s until the twelfth, then hardly.
    @Test
    void stepsAreWarmedUpUntilJavaHasCompiledThem() {
        assertThat(warmedUp(60, 1000)).as("three looks of a second, and one without").isEqualTo(16);
        assertThat(warmedUp(1.5, 1000)).isEqualTo(6);
        assertThat(warmedUp(60, 7)).isEqualTo(7);
        assertThat(warmedUp(0, 1000)).isZero();
        var stopped = new int[1];
        new WarmUp(60, 1000, new JavaCompiler(() -> 1000L * stopped[0]), () -> stopped[0] == 3).run(() -> {
            stopped[0]++;
            return 0.2;
        });
        assertThat(stopped[0]).as("a signal came").isEqualTo(3);
    }

    /// Two lanes on two cores have four thirds of them beside a compiling thread.
    @Test
    void whatIsCompiledMeanwhileIsLeftOut() {
        assertThat(JavaCompiler.without(2, 0.3, 1)).isCloseTo(0.2, within(1e-12));
        assertThat(JavaCompiler.without(16, 0.3, 0)).isEqualTo(0.3);
        assertThat(new JavaCompiler(() -> 7).without(2, () -> 0.3)).isEqualTo(0.3);
        assertThat(JavaCompiler.here().millis().getAsLong()).isPositive();
    }

    private static int warmedUp(double seconds, long most) {
        var runs = new int[1];
        new WarmUp(seconds, most, new JavaCompiler(() -> 100L * Math.min(runs[0], 12)), () -> false).run(() -> {
            runs[0]++;
            return 0.25; // a sum of these is exact
        });
        return runs[0];
    }

    // ---- what is expected

    @Test
    void theForecastNamesEachPart() {
        var forecast = RunForecast.of(QUICKSTART, PACE, 0);
        assertThat(forecast.images()).isCloseTo(0.06 * (864 + 24), within(1e-9));
        assertThat(forecast.stages().get("text")).isCloseTo(12, within(1e-9));
        assertThat(forecast.stages().get("fuse")).isCloseTo(625 + 6 * 1.5 * 6 * 0.06, within(1e-9)); // at steps 400, 800 ... 2400
        assertThat(forecast).hasToString("12 minutes expected: text 0:12, fuse 10:28, joint 0:30, images and scores 0:53");
        assertThat(RunForecast.of(QUICKSTART, PACE, 2700)).hasToString("1 minute expected: joint 0:15, images and scores 0:53");
        assertThat(RunForecast.of(QUICKSTART, new Pace(List.of(1.0, 10.0, 1.0), 1), 0).toString()).startsWith("7.3 hours expected");
        assertThat(RunForecast.of(QUICKSTART, new Pace(List.of(0.0, 0.0, 0.0), 0.001), 0).toString()).startsWith("1 second expected");
    }

    // ---- so many minutes

    /// On machines a hundred times apart in speed.
    @ParameterizedTest
    @ValueSource(doubles = {5, 8, 30, 600})
    void aScaledRecipeTakesSoManyMinutes(double minutes) {
        for (double speed : new double[] {0.1, 1, 3}) {
            var pace = new Pace(PACE.steps().stream().map(seconds -> seconds * speed).toList(), PACE.image() * speed);
            var scaled = pace.scaled(QUICKSTART, minutes, 6);
            assertThat(scaled.run().minutes()).isEqualTo(minutes);
            assertThat(RunForecast.of(scaled, pace, 0).total() + 6).isCloseTo(60 * minutes, within(0.02 * 60 * minutes));
            double of = (double) scaled.stages().get(1).steps() / QUICKSTART.stages().get(1).steps();
            assertThat((double) scaled.stages().get(2).steps() / QUICKSTART.stages().get(2).steps()).isCloseTo(of,
                    within(0.01 + 0.01 * of));
        }
    }

    /// Images and scores alone take 53 s.
    @Test
    void aQuarterIsTrainedWhateverTheImagesTake() {
        var scaled = PACE.scaled(QUICKSTART, 0.5, 6);
        assertThat(RunForecast.of(scaled, PACE, 0).training()).isCloseTo(7.5, within(0.3));
        assertThat(RunForecast.of(scaled, PACE, 0).total()).isGreaterThan(60);
    }

    @Test
    void aRecipeNeedNotSayHowLongItTakes() {
        var silent = Recipe.parse(QUICKSTART.canonical().replaceAll("(?m)^ +minutes:.*\\n", ""), "r.yaml", List.of());
        assertThat(silent.run().minutes()).isNull();
        assertThat(PACE.scaled(silent, 8, 0)).isEqualTo(PACE.scaled(QUICKSTART, 8, 0));
        for (double wrong : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> PACE.scaled(QUICKSTART, wrong, 0)).isInstanceOf(UserError.class).hasMessageContaining("--minutes");
        }
    }

    // ---- images that are sampled

    @Test
    void imagesAreCountedWhileTheyAreSampled() {
        var now = new long[1];
        var bytes = new ByteArrayOutputStream();
        var progress = new SamplingProgress(ProgressLine.on(new PrintStream(bytes), () -> now[0]), "score", 96, 96, 0, () -> now[0]);
        for (int step = 0; step < 16; step++) {
            now[0] += 12_000_000_000L; // half as fast as expected
            progress.add(6);
        }
        var lines = bytes.toString().lines().toList();
        assertThat(lines).hasSize(17).first().isEqualTo("score  [....................] 0/96  1:36 left");
        assertThat(lines.get(4)).isEqualTo("score  [#####...............] 24/96  2:12 left"); // 144 s are
        assertThat(lines.getLast()).isEqualTo("score  [####################] 96/96  0:00 left");
    }

    @Test
    void whatIsSampledAtOnceNeedsNoLine() {
        var now = new long[1];
        var bytes = new ByteArrayOutputStream();
        var progress = new SamplingProgress(ProgressLine.on(new PrintStream(bytes), () -> now[0]), "draw", 4, Double.NaN, 2, () -> now[0]);
        progress.add(1);
        now[0] += 1_900_000_000L;
        progress.add(1);
        assertThat(bytes.toString()).isEmpty();
        now[0] += 100_000_000L;
        progress.add(1);
        assertThat(bytes.toString()).isEqualTo("draw   [###############.....] 3/4  0:01 left\n");
    }
}
