package dev.fusedit.trainer.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.trainer.recipe.Losses;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(NoTensorLeaks.class)
class ComparisonTest {
    private static final List<String> UNEQUAL = List.of("a", "b", "c", "d");
    private static final List<String> SOME_EQUAL = List.of("a", "b", "a", "a");

    private static Tensor scores() { return Tensor.randn(Seed.of(3), DType.F64, 4, 4).mul(2); }

    /// A second implementation, number by number.
    private static double plain(Losses.Comparison kind, double[] s, List<String> captions) {
        int n = captions.size();
        double loss = 0;
        for (int i = 0; i < n; i++) {
            double row = 0, rowRight = 0, column = 0, columnRight = 0;
            for (int j = 0; j < n; j++) {
                boolean right = captions.get(i).equals(captions.get(j));
                row += Math.exp(s[i * n + j]);
                column += Math.exp(s[j * n + i]);
                rowRight += right ? Math.exp(s[i * n + j]) : 0;
                columnRight += right ? Math.exp(s[j * n + i]) : 0;
                if (kind == Losses.Comparison.SIGLIP) loss += Math.log1p(Math.exp(right ? -s[i * n + j] : s[i * n + j])) / n;
            }
            if (kind == Losses.Comparison.INFONCE) loss += (Math.log(row / rowRight) + Math.log(column / columnRight)) / (2 * n);
        }
        return loss;
    }

    @ParameterizedTest
    @EnumSource
    void agreesWithThePlainSum(Losses.Comparison kind) {
        for (var captions : List.of(UNEQUAL, SOME_EQUAL)) {
            assertThat(Comparison.loss(kind, scores(), captions).item()).isCloseTo(plain(kind, scores().toDoubles(), captions),
                    within(1e-12));
        }
    }

    /// Where no captions are equal, InfoNCE is the cross-entropy of both directions.
    @Test
    void infoNceIsCrossEntropyBothWays() {
        var s = scores();
        var own = Tensor.arange(4);
        double expected = (s.crossEntropy(own, -100).item() + s.transpose(0, 1).crossEntropy(own, -100).item()) / 2;
        assertThat(Comparison.loss(Losses.Comparison.INFONCE, s, UNEQUAL).item()).isCloseTo(expected, within(1e-12));
    }

    @Test
    void equalCaptionsAreNoNegatives() {
        for (var kind : Losses.Comparison.values()) {
            var s = scores().requiresGrad(true);
            Comparison.loss(kind, s, SOME_EQUAL).backward();
            var gradient = s.grad().toDoubles();
            for (int i : new int[] {0, 2, 3})
                for (int j : new int[] {0, 2, 3}) assertThat(gradient[4 * i + j]).as("%s: %s with %s", kind, i, j).isLessThanOrEqualTo(0);
            assertThat(gradient[1]).isPositive();
        }
    }

    @Test
    void chanceIsTheLossOfTheEvenGuess() {
        assertThat(Comparison.chance(Losses.Comparison.INFONCE, UNEQUAL)).isCloseTo(Math.log(4), within(1e-12));
        for (var captions : List.of(UNEQUAL, SOME_EQUAL)) {
            assertThat(Comparison.loss(Losses.Comparison.INFONCE, Tensor.zeros(DType.F64, 4, 4), captions).item())
                    .isCloseTo(Comparison.chance(Losses.Comparison.INFONCE, captions), within(1e-12));
        }
        var one = Comparison.loss(Losses.Comparison.SIGLIP, Tensor.full(-Math.log(3), DType.F64, 4, 4), UNEQUAL).item();
        assertThat(one).as("each pair right with odds 1 to 3").isCloseTo(Comparison.chance(Losses.Comparison.SIGLIP, UNEQUAL),
                within(1e-12));
    }

    /// Chance is a bound: averaged over all ways to shuffle the captions, no scores that are fixed beforehand do better.
    @ParameterizedTest
    @EnumSource
    void noScoresWithoutLookingAreBetterThanChance(Losses.Comparison kind) {
        int[][] shuffles = {{0, 1, 2, 3}, {1, 2, 3, 0}, {2, 3, 0, 1}, {3, 0, 1, 2}}; // each caption at each image once
        for (long seed = 0; seed < 20; seed++) {
            var byCaption = Tensor.randn(Seed.of(seed), DType.F64, 1, 4).sub(kind == Losses.Comparison.SIGLIP ? 1 : 0);
            var scores = byCaption.expand(4, 4);
            double mean = 0;
            for (var shuffle : shuffles) {
                var order = Tensor.of(new long[] {shuffle[0], shuffle[1], shuffle[2], shuffle[3]});
                var captions = java.util.Arrays.stream(shuffle).mapToObj(SOME_EQUAL::get).toList();
                mean += Comparison.loss(kind, scores.indexSelect(1, order), captions).item() / 4;
            }
            assertThat(mean).isGreaterThan(Comparison.chance(kind, SOME_EQUAL) - 1e-12);
        }
    }
}
