package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(NoTensorLeaks.class)
class BucketsTest {
    @ParameterizedTest
    @CsvSource({"0, 0", "1, 8", "8, 8", "9, 16", "24, 24", "100, 104", "128, 128", "129, 144", "255, 256", "256, 256", "257, 288",
        "1000, 1024", "1025, 1152"})
    void roundsUp(int length, int bucket) { assertThat(Buckets.up(length)).isEqualTo(bucket); }

    @Test
    void anEighthAtMostIsWastedAndABucketIsItsOwn() {
        for (int n = 64; n <= 1 << 14; n++) {
            int up = Buckets.up(n);
            assertThat(up).isBetween(n, n + n / 8 + 1);
            assertThat(Buckets.up(up)).isEqualTo(up);
            assertThat(Buckets.up(n - 1)).isLessThanOrEqualTo(up);
        }
    }

    @Test
    void eachDoublingAddsEight() {
        assertThat(IntStream.rangeClosed(1, 4096).map(Buckets::up).distinct().count()).isEqualTo(16 + 8 * 5);
    }

    /// Kernels are made for a shape where oneDNN multiplies.
    @Test
    void onlyForMatmulsThatAreMadeForTheirShape() {
        assertThat(Buckets.up(9, Tensor.zeros(DType.BF16, 1))).isEqualTo(16);
        assertThat(Buckets.up(9, Tensor.zeros(DType.F32, 1))).isEqualTo(9);
        assertThat(Buckets.up(9, Tensor.zeros(DType.F16, 1))).as("computed in f32").isEqualTo(9);
    }

    @Test
    void noNegativeLengths() { assertThatIllegalArgumentException().isThrownBy(() -> Buckets.up(-1)); }
}
