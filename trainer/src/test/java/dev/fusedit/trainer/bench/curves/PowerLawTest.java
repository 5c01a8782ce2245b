package dev.fusedit.trainer.bench.curves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PowerLawTest {
    private static final double[] X = {64, 128, 256, 512, 4096};

    @ParameterizedTest
    @ValueSource(doubles = {-1.5, 0, 0.85, 1, 2.07})
    void anExactPowerIsRecovered(double exponent) {
        var law = PowerLaw.of(X, Arrays.stream(X).map(x -> 3e-4 * Math.pow(x, exponent)).toArray());
        assertThat(law.exponent()).isCloseTo(exponent, within(1e-12));
        assertThat(law.factor()).isCloseTo(3e-4, within(1e-15));
        assertThat(law.error()).isCloseTo(0, within(1e-7));
        assertThat(law.at(1000)).isCloseTo(3e-4 * Math.pow(1000, exponent), within(1e-9));
    }

    /// By hand, in powers of e: u = 0, 1, 2, 3 and v = 0, 1, 1, 3. Slope 4.5 / 5, of a variance of 4.75 there are 0.7 left.
    @Test
    void certaintyIsThatOfTheLeastSquares() {
        var law = PowerLaw.of(powers(0, 1, 2, 3), powers(0, 1, 1, 3));
        assertThat(law.exponent()).isCloseTo(0.9, within(1e-12));
        assertThat(law.error()).isCloseTo(Math.sqrt(0.7 / 2 / 5), within(1e-12));
        assertThat(law.rSquared()).isCloseTo(1 - 0.7 / 4.75, within(1e-12));
        assertThat(law.words("time", "tokens")).isEqualTo("time ~ tokens^0.90");
        assertThat(law.certainty()).isEqualTo("± 0.26, R² 0.853, 4 points");
    }

    @Test
    void twoPointsTellNoError() {
        var law = PowerLaw.of(new double[] {1, 4}, new double[] {5, 10});
        assertThat(law.exponent()).isCloseTo(0.5, within(1e-12));
        assertThat(law.error()).isNaN();
        assertThat(law.certainty()).isEqualTo("R² 1.000, 2 points");
    }

    @Test
    void noLawThroughOnePlaceOrZero() {
        assertThatIllegalArgumentException().isThrownBy(() -> PowerLaw.of(new double[] {2, 2}, new double[] {1, 3}))
                .withMessageContaining("two different x");
        assertThatIllegalArgumentException().isThrownBy(() -> PowerLaw.of(new double[] {}, new double[] {}));
        assertThatIllegalArgumentException().isThrownBy(() -> PowerLaw.of(new double[] {1, 2}, new double[] {0, 3}))
                .withMessageContaining("logarithms");
    }

    private static double[] powers(double... exponents) { return Arrays.stream(exponents).map(Math::exp).toArray(); }
}
