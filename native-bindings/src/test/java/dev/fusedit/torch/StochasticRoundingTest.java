package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class StochasticRoundingTest {
    private static Tensor rounded(Tensor source, long seed) {
        var target = Tensor.empty(DType.BF16, source.shape());
        StochasticRounding.copy(target, source, Seed.of(seed));
        return target;
    }

    /// bf16 steps by 1/128 between 1 and 2. The mean of 200,000 draws has a deviation of 0.0039 / 450 = 9e-6 at most.
    @ParameterizedTest
    @ValueSource(floats = {1.001f, -1.001f, 1.0078124f, 1.5f, -3.1e-3f, 1.9999f})
    void theMeanIsKept(float value) {
        var drawn = rounded(Tensor.full(value, DType.F32, 200_000), 1).to(DType.F64);
        assertThat(drawn.mean().item()).isCloseTo(value, within(5e-5 * Math.abs(value)));
        assertThat(drawn.sub(value).abs().max().item()).as("only the two neighbours come").isLessThan(Math.abs(value) / 64);
    }

    @Test
    void whatBf16HoldsStaysAsItIs() {
        var exact = Tensor.of(new float[] {0, 1, -2.5f, 0x1p-126f, 1e30f}).to(DType.BF16).to(DType.F32);
        for (int seed = 0; seed < 20; seed++) {
            assertThat(rounded(exact, seed).to(DType.F32).sameValues(exact)).isTrue();
        }
    }

    @Test
    void aSeedGivesTheSameAndAnotherSeedAnother() {
        var values = Tensor.randn(Seed.of(3), DType.F32, 31, 7);
        assertThat(rounded(values, 5).sameValues(rounded(values, 5))).isTrue();
        assertThat(rounded(values, 5).sameValues(rounded(values, 6))).isFalse();
        assertThat(rounded(values, 5).shape()).containsExactly(31, 7);
    }
}
