package dev.fusedit.trainer.eval.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Each distance at values that are known.
@ExtendWith(NoTensorLeaks.class)
class SetDistancesTest {
    private static Tensor features(long seed) { return Tensor.randn(Seed.of(seed), DType.F64, 60, 8); }

    @Test
    void aSetIsNotFarFromItself() {
        try (var _ = TensorScope.open()) {
            var set = features(1);
            assertThat(FeatureStatistics.of(set).frechetDistance(FeatureStatistics.of(set))).isCloseTo(0, within(1e-9));
            assertThat(MaximumMeanDiscrepancy.of(set, set)).isCloseTo(0, within(1e-9));
            var same = Neighbourhoods.of(set, set);
            assertThat(same.precision()).isEqualTo(1);
            assertThat(same.recall()).isEqualTo(1);
            assertThat(same.coverage()).isEqualTo(1);
            assertThat(same.density()).as("5 others' balls and its own, of 5").isBetween(0.7, 1.5);
        }
    }

    @Test
    void setsFarApartHaveNothingInCommon() {
        try (var _ = TensorScope.open()) {
            var apart = Neighbourhoods.of(features(1), features(2).add(100));
            assertThat(List.of(apart.precision(), apart.recall(), apart.density(), apart.coverage())).containsOnly(0.0);
        }
    }

    /// Unit vectors e1 against e2: 1000 (1 + 1 - 2 exp(-2 / 200)).
    @Test
    void theDiscrepancyIsThatOfItsFormula() {
        try (var _ = TensorScope.open()) {
            Tensor one = Tensor.of(new double[] {3, 0}, 1, 2), other = Tensor.of(new double[] {0, 5}, 1, 2);
            assertThat(MaximumMeanDiscrepancy.of(one, other)).isCloseTo(2000 * (1 - Math.exp(-0.01)), within(1e-9));
        }
    }

    /// Ten points 0, 1 … 9 on a line, k = 5: the ball of 0 reaches to 5, that of 4 to 3 points away.
    @Test
    void ballsReachToTheFifthNeighbour() {
        try (var _ = TensorScope.open()) {
            var line = Tensor.arange(10).to(DType.F64).view(10, 1);
            var points = Tensor.of(new double[] {-4.5, 14.5, 4.4, 4.4, 4.4, 4.4, 4.4}, 7, 1);
            var found = Neighbourhoods.of(line, points);
            assertThat(found.precision()).as("all: 4.5 < 5 from 0; 14.5 is 5.5 from 9").isEqualTo(6 / 7.0);
        }
    }

    @Test
    void intervalsHoldTheMeanAndWiden() {
        var of = Estimate.mean(1, 2, 3, 4, 5, 6);
        assertThat(of.value()).isEqualTo(3.5);
        assertThat(of.high() - of.value()).isCloseTo(2.570582 * Math.sqrt(3.5 / 6), within(1e-6));
        assertThat(Estimate.mean(2).toJson().has("interval")).as("one value has none").isFalse();
        var alike = Estimate.share(new double[] {1, 1, 0, 0}, 16);
        assertThat(alike.low()).as("groups that agree count as one each").isCloseTo(new Share(2, 4).low(), within(1e-6));
        var mixed = Estimate.share(new double[] {0.5, 0.5, 0.5, 0.5}, 16);
        assertThat(mixed.high() - mixed.low()).isLessThanOrEqualTo(alike.high() - alike.low());
        assertThat(Estimate.share(new double[] {1, 1, 1}, 12).low()).isCloseTo(new Share(3, 3).low(), within(1e-6));
    }

    /// A caption's gap may be of millionths, a perplexity of thousands.
    @Test
    void numbersKeepSevenDigitsHoweverSmallTheyAre() {
        var json = new Estimate(2.6764321987e-6, -1.0e-9 / 3, 12345.678912, 3).toJson();
        assertThat(json.path("value").asDouble()).isEqualTo(2.676432e-6);
        assertThat(json.path("interval").path(0).asDouble()).isEqualTo(-3.333333e-10);
        assertThat(json.path("interval").path(1).asDouble()).isEqualTo(12345.68);
        assertThat(new Estimate(0, 0, 0.1 + 0.2, 3).toJson().toString()).isEqualTo("{\"value\":0.0,\"interval\":[0.0,0.3],\"n\":3}");
    }

    /// What comes together is computed together, and each number's interval is the one that it has alone.
    @Test
    void halvesAreTakenOnceForAllNumbers() {
        try (var _ = TensorScope.open()) {
            var features = features(3);
            int[] times = new int[1];
            var all = HalfSamples.all(features, Seed.of(1), some -> {
                times[0]++;
                return new double[] {some.mean().item(), some.square().mean().item()};
            });
            assertThat(times[0]).as("of the whole, and of ten halves").isEqualTo(11);
            assertThat(all).containsExactly(HalfSamples.of(features, Seed.of(1), some -> some.mean().item()),
                    HalfSamples.of(features, Seed.of(1), some -> some.square().mean().item()));
        }
    }

    @Test
    void halvesTellHowSureADistanceIs() {
        try (var _ = TensorScope.open()) {
            var mean = HalfSamples.of(features(3), Seed.of(1), some -> some.mean().item());
            assertThat(mean.n()).isEqualTo(60);
            double half = (mean.high() - mean.low()) / 2;
            assertThat(half).as("1.96 / sqrt(480), roughly").isBetween(0.03, 0.2);
            assertThat(HalfSamples.some(Seed.of(2), 10, 4)).hasSize(4).isSorted().doesNotHaveDuplicates();
        }
    }
}
