package dev.fusedit.fusion.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.fusedit.fusion.Goldens;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class SolverTest {
    private static final FlowMatchScheduler EVEN = FlowMatchScheduler.even(1);
    private static final FlowMatchScheduler INVERTED = new FlowMatchScheduler(EVEN.shift(), EVEN.levels(), EVEN.spacing(), EVEN.curve(), 0,
            true);
    private static final Guidance MIDDLE = Guidance.of(3).at(new NoiseRange(0.2, 0.6));

    private static FlowSampler sampler(FlowMatchScheduler scheduler, Solver solver, int steps, Guidance guidance) {
        return new FlowSampler(scheduler, new Prediction.Velocity(), solver, steps, guidance);
    }

    private static Tensor fresh(int step) { return Tensor.randn(Seed.of(90 + step), DType.F32, 2, 3, 4, 4); }

    private static Tensor noise() { return Tensor.randn(Seed.of(4), DType.F32, 2, 3, 4, 4); }

    // ---- images from N(0.7, deviation²): their velocity is linear, and where it leads is known

    /// E[noise − image | x].
    private static Tensor velocity(Tensor x, double sigma, double deviation) {
        double clean = (1 - sigma) * deviation * deviation, variance = (1 - sigma) * clean + sigma * sigma;
        return x.sub((1 - sigma) * 0.7).mul((sigma - clean) / variance).sub(0.7);
    }

    /// How far from where the exact way leads, which keeps the distance to the mean in standard deviations.
    private static double error(FlowMatchScheduler scheduler, Solver solver, int steps, double deviation) {
        return TensorScope.scoped(() -> sampler(scheduler, solver, steps, Guidance.NONE).sample(
                (x, times_B) -> velocity(x, times_B.toFloats()[0] / 1000.0, deviation), Tensor.zeros(DType.F64, 1, 1, 1, 1).add(1.3))
                .sub(0.7 + deviation * 1.3).abs()).item();
    }

    @ParameterizedTest
    @CsvSource({"EULER, 1, 1.9, 2.1", "EULER, 3, 1.9, 2.1", "HEUN, 1, 3.8, 4.2", "HEUN, 3, 3.8, 4.2", "DPMPP_2M, 1, 3.4, 4.2",
        "DPMPP_2M, 3, 3.2, 4.2"})
    void twiceTheStepsDivideTheErrorByTheOrdersPowerOfTwo(Solver solver, double shift, double low, double high) {
        var scheduler = FlowMatchScheduler.even(shift);
        assertThat(error(scheduler, solver, 128, 1) / error(scheduler, solver, 256, 1)).isBetween(low, high);
    }

    /// Each step is taken anew from the image seen, and none is left of the noise before.
    @Test
    void theStochasticSolverGoesBackFromTheImageSeenByFreshNoise() {
        for (var scheduler : List.of(EVEN, INVERTED)) {
            var stochastic = sampler(scheduler, Solver.EULER_STOCHASTIC, 3, Guidance.NONE);
            var image = noise().mul(0.3);
            var asked = new ArrayList<float[]>();
            double direction = scheduler == EVEN ? 1 : -1;
            var drawn = stochastic.sample(Branches.of((x, times_B) -> {
                asked.add(x.toFloats());
                double sigma = times_B.toFloats()[0] / 1000.0, share = scheduler == EVEN ? sigma : 1 - sigma;
                return x.sub(image).mul(direction / share); // shows the image from everywhere
            }), noise(), SolverTest::fresh, step -> assertThat(step.predicted().allClose(image, 1e-4, 1e-4)).isTrue());
            assertThat(drawn.allClose(image, 1e-4, 1e-4)).isTrue();
            assertThat(Tensor.of(asked.get(1)).allClose(image.mul(1 / 3.0).add(fresh(0).mul(2 / 3.0)).view(-1), 1e-4, 1e-4)).isTrue();
            assertThat(Tensor.of(asked.get(2)).allClose(image.mul(2 / 3.0).add(fresh(1).mul(1 / 3.0)).view(-1), 1e-4, 1e-4)).isTrue();
        }
    }

    @Test
    void aStochasticSolverWithoutFreshNoiseIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sampler(EVEN, Solver.EULER_STOCHASTIC, 2, Guidance.NONE).sample((x, _) -> x, noise()))
                .withMessageContaining("fresh noise");
    }

    @Test
    void secondOrderIsWorthItsStepsFromEightOn() {
        for (double deviation : List.of(0.1, 0.5, 1.0)) {
            for (var scheduler : List.of(EVEN, FlowMatchScheduler.even(3))) {
                assertThat(error(scheduler, Solver.DPMPP_2M, 8, deviation)).isLessThanOrEqualTo(
                        error(scheduler, Solver.EULER, 8, deviation) * 1.01);
                assertThat(error(scheduler, Solver.HEUN, 16, deviation)).isLessThan(error(scheduler, Solver.EULER, 16, deviation));
            }
        }
    }

    /// Whose last level but the end is 1/1000: led that far, the image's change would make it 0.29 and 0.57 where Euler's is 0.22 and 0.30.
    @Test
    void theLongStepAtTheEndOfDiffusersLevelsIsOfFirstOrder() {
        for (double shift : List.of(1.0, 3.0)) {
            var scheduler = FlowMatchScheduler.shifted(shift);
            assertThat(error(scheduler, Solver.DPMPP_2M, 8, 1)).isLessThan(0.6 * error(scheduler, Solver.EULER, 8, 1));
        }
    }

    // ---- steps of diffusers

    @ParameterizedTest
    @CsvSource({"HEUN, shift1", "HEUN, shift3", "HEUN, many", "HEUN, one", "DPMPP_2M, shift1", "DPMPP_2M, shift3", "DPMPP_2M, many",
        "DPMPP_2M, one"})
    void stepsAreThoseOfDiffusers(Solver solver, String name) {
        try (var file = SafeTensors.open(Goldens.beside("solvers").resolve("io.safetensors")); var _ = TensorScope.open()) {
            var prefix = solver + "." + name + ".";
            var asked = new ArrayList<Integer>();
            var ode = new FlowOde(file.read(prefix + "sigmas").toFloats(), (_, level) -> {
                asked.add(level);
                return file.read(prefix + "v" + (asked.size() - 1));
            }, FreshNoise.NONE);
            var state = new Solver.State(file.read(prefix + "x0"), null);
            for (int i = 0; i < ode.steps(); i++) {
                state = solver.step(ode, state, i);
                assertThat(state.x().allClose(file.read(prefix + "x" + (i + 1)), 1e-5, 1e-5)).as("after step %s", i).isTrue();
            }
            assertThat(asked).hasSize(solver == Solver.HEUN ? 2 * ode.steps() - 1 : ode.steps());
        }
    }

    // ---- edges

    @ParameterizedTest
    @EnumSource
    void theLastStepArrivesAtTheImageSeen(Solver solver) {
        var image = Tensor.rand(Seed.of(1), DType.F32, 2, 3, 4, 4);
        for (int steps : List.of(1, 2, 5)) {
            var sampler = new FlowSampler(EVEN, new Prediction.X0(), solver, steps, Guidance.NONE);
            assertThat(sampler.sample(Branches.of((_, _) -> image), noise(), SolverTest::fresh, FlowSampler.Progress.NONE).allClose(image,
                    0, 1e-5)).as("%s steps", steps).isTrue();
        }
    }

    /// From noise alone there is no signal whose change could be led further, and at the end nothing is left to lead it to.
    @Test
    void twoStepsOfDpmAreEulers() {
        VelocityModel model = (x, times_B) -> velocity(x, times_B.toFloats()[0] / 1000.0, 0.5);
        var euler = sampler(EVEN, Solver.EULER, 2, Guidance.NONE).sample(model, noise());
        assertThat(sampler(EVEN, Solver.DPMPP_2M, 2, Guidance.NONE).sample(model, noise()).sameValues(euler)).isTrue();
        var three = sampler(EVEN, Solver.EULER, 4, Guidance.NONE).sample(model, noise());
        assertThat(sampler(EVEN, Solver.DPMPP_2M, 4, Guidance.NONE).sample(model, noise()).allClose(three, 1e-3, 1e-3)).isFalse();
    }

    /// One training level: all of sampling's lie on it.
    @Test
    void levelsThatLieOnEachOtherGiveNumbersAllTheSame() {
        var drawn = sampler(new FlowMatchScheduler(1, 1), Solver.DPMPP_2M, 4, Guidance.NONE).sample((x, _) -> x, noise());
        assertThat(drawn.toFloats()).containsOnly(0);
    }

    private static Tensor sampled(FlowMatchScheduler scheduler, Solver solver, VelocityModel model) {
        return sampler(scheduler, solver, 7, MIDDLE).sample(Branches.of(model), noise(), SolverTest::fresh, FlowSampler.Progress.NONE);
    }

    @ParameterizedTest
    @EnumSource
    void invertedLevelsLeadTheSameWay(Solver solver) {
        VelocityModel model = (x, times_B) -> {
            var own = velocity(x, times_B.toFloats()[0] / 1000.0, 0.5);
            return x.size(0) == 2 ? own : own.add(Tensor.of(new float[] {0, 0, 1, 1}).view(4, 1, 1, 1));
        };
        VelocityModel inverted = (x, times_B) -> model.predict(x, times_B.neg().add(1000)).neg();
        var drawn = sampled(INVERTED, solver, inverted);
        assertThat(drawn.allClose(sampled(EVEN, solver, model), 1e-4, 1e-4)).isTrue();
    }

    // ---- guidance at some levels

    /// Rows of each call, by the model's time.
    private static List<String> calls(Solver solver, int steps, Guidance guidance) {
        var calls = new ArrayList<String>();
        sampler(EVEN, solver, steps, guidance).sample(new Branches(counting("both", calls), counting("own", calls)), noise(),
                SolverTest::fresh, _ -> {});
        return calls;
    }

    private static VelocityModel counting(String branch, List<String> calls) {
        return (x, times_B) -> {
            calls.add(branch + x.size(0) + "@" + Math.round(times_B.toFloats()[0]));
            return x;
        };
    }

    @Test
    void levelsOutsideTheIntervalAskForThePromptsAlone() {
        assertThat(calls(Solver.EULER, 5, MIDDLE)).as("above 0.2, up to 0.6").containsExactly("own2@1000", "own2@800", "both4@600",
                "both4@400", "own2@200");
        assertThat(calls(Solver.DPMPP_2M, 5, MIDDLE)).isEqualTo(calls(Solver.EULER, 5, MIDDLE));
        assertThat(calls(Solver.HEUN, 5, MIDDLE)).containsExactly("own2@1000", "own2@800", "own2@800", "both4@600", "both4@600",
                "both4@400", "both4@400", "own2@200", "own2@200");
        assertThat(calls(Solver.EULER, 3, Guidance.of(2))).allMatch(call -> call.startsWith("both4"));
        assertThat(calls(Solver.EULER, 3, Guidance.of(1).at(MIDDLE.at()))).as("a factor of 1 is none")
                .allMatch(call -> call.startsWith("own2"));
    }

    @ParameterizedTest
    @EnumSource
    void evaluationsAreThePassesOverAImage(Solver solver) {
        for (var guidance : List.of(Guidance.NONE, Guidance.of(2), MIDDLE)) {
            for (int steps : List.of(1, 5, 8)) {
                var passes = calls(solver, steps, guidance).stream().mapToInt(call -> call.startsWith("both") ? 2 : 1).sum();
                assertThat(sampler(EVEN, solver, steps, guidance).evaluations()).as("%s steps, %s", steps, guidance).isEqualTo(passes);
            }
        }
        assertThat(sampler(EVEN, Solver.HEUN, 8, Guidance.NONE).evaluations()).isEqualTo(15);
    }

    @Test
    void aRangeIsInOrder() {
        for (var bounds : List.of(List.of(0.5, 0.5), List.of(0.6, 0.2), List.of(-0.1, 1.0), List.of(0.0, 1.1), List.of(Double.NaN, 1.0))) {
            assertThatIllegalArgumentException().isThrownBy(() -> new NoiseRange(bounds.getFirst(), bounds.getLast()))
                    .withMessageContaining("0 <= low < high <= 1");
        }
        assertThat(new NoiseRange(0.2, 0.6).contains(0.6f)).as("in f32 a little more than in f64").isTrue();
        assertThat(new NoiseRange(0.2, 0.6).contains(0.2f)).isFalse();
    }
}
