package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class ForeachTest {
    @Test
    void copyConvertsAndLerpAverages() {
        var x = Tensor.of(new float[] {1, 2});
        var y = Tensor.of(new float[] {3});
        var half = List.of(Tensor.zeros(DType.BF16, 2), Tensor.zeros(DType.BF16, 1));
        Foreach.copy(half, List.of(x, y));
        assertThat(half.getFirst().toFloats()).containsExactly(1, 2);
        Foreach.mul(List.of(x, y), 2);
        assertThat(y.toFloats()).containsExactly(6);
        Foreach.lerp(List.of(x, y), List.of(Tensor.zeros(DType.F32, 2), Tensor.zeros(DType.F32, 1)), 0.25);
        assertThat(x.toFloats()).containsExactly(1.5f, 3);
        assertThat(Foreach.norm(List.of(Tensor.of(new float[] {3, 0}), Tensor.of(new float[] {4}))).item()).isEqualTo(5);
        Foreach.zero(List.of(x));
        assertThat(x.toFloats()).containsOnly(0);
    }

    @Test
    void addScaledWidensItsSources() {
        var sums = List.of(Tensor.of(new float[] {1, 2}), Tensor.of(new float[] {3}).reshape());
        var small = List.of(Tensor.of(new float[] {0.5f, -1}).to(DType.BF16), Tensor.of(new float[] {4}).reshape().to(DType.BF16));
        Foreach.addScaled(sums, small, 0.1);
        assertThat(sums.getFirst().dtype()).isEqualTo(DType.F32);
        assertThat(sums.getFirst().toFloats()).containsExactly(1.05f, 1.9f);
        assertThat(sums.getLast().item()).isCloseTo(3.4, within(1e-6));
        var wide = List.of(Tensor.of(new double[] {1}));
        Foreach.addScaled(wide, List.of(Tensor.of(new double[] {1})), 1e-12);
        assertThat(wide.getFirst().item()).as("f64 keeps all bits of the factor").isEqualTo(1 + 1e-12);
    }

    /// One weight in its first step beside one in its third: the correction of the moments is each one's own.
    @Test
    void adamWCountsStepsOfEachWeight() {
        var settings = new FusedAdamW.Settings(0.9, 0.99, 1e-8, 0);
        var weights = List.of(Tensor.zeros(DType.F32, 1), Tensor.zeros(DType.F32, 1));
        var first = List.of(Tensor.zeros(DType.F32, 1), Tensor.zeros(DType.F32, 1));
        var second = List.of(Tensor.zeros(DType.F32, 1), Tensor.zeros(DType.F32, 1));
        FusedAdamW.step(weights, List.of(Tensor.ones(DType.F32, 1), Tensor.ones(DType.F32, 1)), first, second, List.of(1L, 3L), 0.1,
                settings);
        assertThat(weights.getFirst().item()).isCloseTo(-0.1, within(1e-7));
        assertThat(weights.getLast().item()).isCloseTo(-0.1 * (0.1 / (1 - 0.9 * 0.9 * 0.9)) / Math.sqrt(0.01 / (1 - 0.99 * 0.99 * 0.99)),
                within(1e-7));
    }

    /// Against the update written out (Loshchilov and Hutter, algorithm 2).
    @Test
    void adamWFollowsItsFormula() {
        var settings = new FusedAdamW.Settings(0.9, 0.99, 1e-8, 0.1);
        var w = Tensor.of(new float[] {1, -2});
        var m = Tensor.zeros(DType.F32, 2);
        var v = Tensor.zeros(DType.F32, 2);
        double[] expected = {1, -2};
        double[] m1 = new double[2];
        double[] m2 = new double[2];
        for (int step = 1; step <= 3; step++) {
            double[] gradient = {0.5 * step, -0.25};
            FusedAdamW.step(List.of(w), List.of(Tensor.of(gradient).to(DType.F32)), List.of(m), List.of(v), step, 0.01, settings);
            for (int i = 0; i < 2; i++) {
                m1[i] = 0.9 * m1[i] + 0.1 * gradient[i];
                m2[i] = 0.99 * m2[i] + 0.01 * gradient[i] * gradient[i];
                expected[i] -= 0.01 * 0.1 * expected[i];
                expected[i] -= 0.01 * (m1[i] / (1 - Math.pow(0.9, step))) / (Math.sqrt(m2[i] / (1 - Math.pow(0.99, step))) + 1e-8);
            }
        }
        assertThat(w.toDoubles()[0]).isCloseTo(expected[0], within(1e-6));
        assertThat(w.toDoubles()[1]).isCloseTo(expected[1], within(1e-6));
    }
}
