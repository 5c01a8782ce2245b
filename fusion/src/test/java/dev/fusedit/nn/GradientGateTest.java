package dev.fusedit.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class GradientGateTest {
    private static final double[] VALUES = {0.0, -0.0, 1, -1, 0.1, -0.3, 1e-7, -5.9e-8, 65504, -65504, 1e-45, 3.38e38, -3.38e38, 1.5e-323};

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "BF16", "F16", "F64"})
    void allBitsOfFiniteValuesPass(DType dtype) {
        var finite = Arrays.stream(VALUES).filter(value -> dtype != DType.F16 || Math.abs(value) <= 65504).toArray();
        var x = Tensor.of(finite, 1, finite.length, 1).to(dtype).requiresGrad(true);
        var tokens = Tensor.rand(dev.fusedit.torch.Seed.of(1), DType.F32, 1, finite.length, 1).to(dtype);
        var gates = Stream.of(0, 1e-3, 0.1, 1.0 / 3, 0.9, 1)
                .flatMap(g -> Stream.of(new GradientGate(g.doubleValue(), null), new GradientGate(g.doubleValue(), tokens)));
        gates.forEach(gate -> assertThat(bits(gate.pass(x))).as("%s", gate).isEqualTo(bits(x)));
    }

    private static long[] bits(Tensor x) { return Arrays.stream(x.toDoubles()).mapToLong(Double::doubleToRawLongBits).toArray(); }

    @Test
    void theUsualFormLosesTheSignOfZero() { // why the gate is written as it is
        var x = Tensor.of(new double[] {-0.0});
        assertThat(bits(x.add(x.sub(x).mul(0.5)))).isNotEqualTo(bits(x));
    }

    @Test
    void theGradientIsMultipliedByBothFactors() {
        var x = Tensor.of(new double[] {1, 2, 3, 4}, 1, 2, 2).requiresGrad(true);
        var tokens = Tensor.of(new double[] {0.5, 0}, 1, 2, 1);
        new GradientGate(0.25, tokens).pass(x).square().sum().backward();
        assertThat(x.grad().toDoubles()).containsExactly(0.25, 0.5, 0, 0);
    }

    @Test
    void keysAndValuesTakeTheFactorsOfTheirTokens() {
        var keys = Tensor.ones(DType.F64, 1, 3, 2, 4).requiresGrad(true);
        var values = Tensor.ones(DType.F64, 1, 3, 2, 4).requiresGrad(true);
        var gated = new KeyValues(keys, values).replaced(new GradientGate(1, Tensor.of(new double[] {0.5, 0}, 1, 2, 1))::pass);
        gated.keys().sum().add(gated.values().sum()).backward();
        for (var x : new Tensor[] {keys, values}) {
            assertThat(x.grad().narrow(2, 0, 1).toDoubles()).containsOnly(0.5);
            assertThat(x.grad().narrow(2, 1, 1).toDoubles()).containsOnly(0);
        }
    }

    @Test
    void nothingIsDoneWhereNothingIsMasked() {
        var x = Tensor.ones(DType.F32, 2);
        assertThat(GradientGate.OPEN.pass(x)).isSameAs(x);
        assertThat(new GradientGate(0.5, null).pass(x)).as("no gradient is needed").isSameAs(x);
        assertThat(new GradientGate(0, null).pass(x.requiresGrad(true)).requiresGrad()).isFalse();
    }

    @Test
    void factorsLieIn0To1() {
        assertThatThrownBy(() -> new GradientGate(1.5, null)).hasMessageContaining("0 to 1, got 1.5");
        assertThatThrownBy(() -> new GradientGate(-0.1, null)).hasMessageContaining("0 to 1, got -0.1");
    }
}
