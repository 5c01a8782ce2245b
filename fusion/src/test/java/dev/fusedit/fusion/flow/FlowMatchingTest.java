package dev.fusedit.fusion.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class FlowMatchingTest {
    private static final List<Prediction> KINDS =
            List.of(new Prediction.Velocity(), new Prediction.EdmPreconditioned(), new Prediction.X0WithVLoss(), new Prediction.X0());

    private static Tensor image() { return Tensor.rand(Seed.of(1), DType.F32, 4, 3, 8, 8); }

    private static FlowMatching flow(Prediction prediction) {
        return new FlowMatching(FlowMatchScheduler.shifted(3), new TimeDensity.LogitNormal(0, 1), new LossWeighting.Uniform(), prediction);
    }

    /// What a model that knows image and noise puts out.
    private static Tensor perfect(Prediction prediction, FlowMatching.Noised noised) {
        return showsImage(prediction) ? noised.clean() : noised.noise().sub(noised.clean());
    }

    private static boolean showsImage(Prediction prediction) {
        return prediction instanceof Prediction.X0WithVLoss || prediction instanceof Prediction.X0;
    }

    @Test
    void evenLevelsGoFromOneToZeroAndShiftTowardsNoise() {
        assertThat(FlowMatchScheduler.even(1).sampling(4).sigmas()).containsExactly(1, 0.75f, 0.5f, 0.25f, 0);
        assertThat(FlowMatchScheduler.even(1).sampling(4).timesteps()).containsExactly(1000, 750, 500, 250);
        assertThat(FlowMatchScheduler.even(3).sampling(2).sigmas()).containsExactly(1, 0.75f, 0);
    }

    @Test
    void aPerfectAnswerHasNoLoss() {
        for (var kind : KINDS) {
            var noised = flow(kind).noised(image(), Seed.of(2));
            assertThat(flow(kind).loss(perfect(kind, noised), noised).item()).as("%s", kind).isCloseTo(0, within(1e-10));
        }
    }

    @Test
    void x0WithVLossHasTheLossOfItsVelocity() {
        var clean = flow(new Prediction.X0WithVLoss());
        var noised = clean.noised(image(), Seed.of(2));
        var guess = noised.clean().mul(0.5);
        var sigmas = FlowMatching.spread(noised.sigmas_B(), guess);
        var velocity = clean.prediction().velocity(guess, noised.noisy(), sigmas);
        assertThat(clean.loss(guess, noised).item()).isCloseTo(flow(new Prediction.Velocity()).loss(velocity, noised).item(), within(1e-4));
    }

    @Test
    void noiseAndTimesAreAFunctionOfTheSeed() {
        var flow = flow(new Prediction.Velocity());
        assertThat(flow.noised(image(), Seed.of(2)).noisy().sameValues(flow.noised(image(), Seed.of(2)).noisy())).isTrue();
        assertThat(flow.noised(image(), Seed.of(3)).noisy().sameValues(flow.noised(image(), Seed.of(2)).noisy())).isFalse();
    }

    /// Rows of 192 numbers, which libtorch draws one after the other as in one go, and of 75, which it doesn't.
    @Test
    void someImagesOfABatchGetWhatTheyGetAmongAll() {
        var flow = flow(new Prediction.Velocity());
        for (var all : List.of(image(), Tensor.rand(Seed.of(1), DType.F32, 4, 3, 5, 5))) {
            var whole = flow.noised(all, Seed.of(2));
            for (int first = 0; first < 4; first++) {
                var some = flow.noised(all.narrow(0, first, 4 - first), Seed.of(2), first, 4);
                assertThat(some.noisy().sameValues(whole.rows(first, 4 - first).noisy())).as("from %d", first).isTrue();
                assertThat(some.timesteps_B().sameValues(whole.rows(first, 4 - first).timesteps_B())).as("from %d", first).isTrue();
            }
            assertThat(flow.noised(all.narrow(0, 2, 1), Seed.of(2), 2, 4).noise().sameValues(whole.rows(2, 1).noise())).isTrue();
        }
    }

    /// Shares and strata of 40,000 draws; each place has a level of its own, whatever how many are drawn with it.
    @Test
    void aMixtureDrawsEachDensityByItsWeight() {
        var rest = new TimeDensity.Mixture.Part(1, new TimeDensity.Uniform());
        var mixture = new TimeDensity.Mixture(List.of(new TimeDensity.Mixture.Part(3, new TimeDensity.LogitNormal(1.3, 0.6)), rest));
        int n = 40_000;
        var sigmas = mixture.draw(Seed.of(5).stream(), n).neg().add(1);
        assertThat(sigmas.sameValues(mixture.draw(Seed.of(5).stream(), n).neg().add(1))).isTrue();
        // 0.75 P(0.65 < sigmoid(x) <= 0.9) + 0.25 · 0.25, x ~ N(1.3, 0.6): logits 0.619 and 2.197 are −1.135 and 1.495 deviations away
        double within = sigmas.le(0.9).to(DType.F32).mul(sigmas.gt(0.65).to(DType.F32)).mean().item();
        assertThat(within).isCloseTo(0.75 * (0.9325 - 0.1282) + 0.25 * 0.25, within(0.01));
        assertThat(sigmas.lt(0.2).to(DType.F32).mean().item()).as("of the even part").isCloseTo(0.25 * 0.2, within(0.005));
        assertThat(new TimeDensity.Mixture(List.of(rest)).draw(Seed.of(5).stream(), 8).ge(0).all().itemLong()).isEqualTo(1);
    }

    /// Shift s moves a logit-normal density's mean by ln s.
    @Test
    void aShiftIsAMean() {
        var shifted = new FlowMatching(FlowMatchScheduler.shifted(3), new TimeDensity.LogitNormal(0.2, 1), new LossWeighting.Uniform(),
                new Prediction.Velocity());
        var moved = new FlowMatching(FlowMatchScheduler.shifted(1), new TimeDensity.LogitNormal(0.2 + Math.log(3), 1),
                new LossWeighting.Uniform(), new Prediction.Velocity());
        Tensor a = shifted.noised(image(), Seed.of(2)).sigmas_B(), b = moved.noised(image(), Seed.of(2)).sigmas_B();
        assertThat(a.allClose(b, 0, 2e-3)).as("%s, %s: the table has 1,000 levels", a, b).isTrue();
    }

    @Test
    void samplingAlongThePerfectVelocityArrivesAtTheImage() {
        var image = image();
        var noise = Tensor.randn(Seed.of(4), DType.F32, 4, 3, 8, 8);
        for (var kind : KINDS) {
            var sampler = new FlowSampler(FlowMatchScheduler.shifted(3), kind, Solver.EULER, 7, Guidance.NONE);
            var model = showsImage(kind) ? image : noise.sub(image);
            var steps = new ArrayList<Integer>();
            var drawn = sampler.sample((noisy, times) -> model, noise, step -> {
                steps.add(step.number());
                assertThat(step.predicted().allClose(image, 0, 1e-4)).as("%s predicts the image from the first step on", kind).isTrue();
            });
            assertThat(drawn.allClose(image, 0, 1e-5)).as("%s", kind).isTrue();
            assertThat(steps).containsExactly(0, 1, 2, 3, 4, 5, 6);
        }
    }

    @Test
    void guidanceAsksOnceForBothHalves() {
        var noise = Tensor.zeros(DType.F32, 2, 1, 2, 2);
        var calls = new ArrayList<Long>();
        var sampler = new FlowSampler(FlowMatchScheduler.shifted(1), new Prediction.Velocity(), Solver.EULER, 1, Guidance.of(3));
        var drawn = sampler.sample((noisy, times) -> {
            calls.add(noisy.size(0));
            return Tensor.of(new float[] {1, 1, 2, 2}).view(4, 1, 1, 1).expand(4, 1, 2, 2); // without text 1, with it 2
        }, noise);
        assertThat(calls).containsExactly(4L);
        assertThat(drawn.toFloats()).as("-(1 + 3 (2 - 1))").containsOnly(-4);
    }
}
