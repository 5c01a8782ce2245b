package dev.fusedit.torch.fused;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Kernels;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Threads;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Values and gradients against the plain formula in f64 with autograd's gradients, of the same (rounded) inputs.
@Tag("numeric")
@Threads(atMost = Fused.MOST_THREADS)
@ExtendWith(NoTensorLeaks.class)
class FusedTest {
    private static final double EPS = 1e-6;

    @Test
    void kernelsServeF32AndBf16OnFewThreads() {
        var x = Tensor.ones(DType.F32, 2);
        assertThat(Fused.serves(x)).isEqualTo(Kernels.expected());
        assertThat(Fused.serves(x.to(DType.BF16))).isEqualTo(Kernels.expected());
        assertThat(Fused.serves(x.to(DType.F64))).isFalse();
        assertThat(Fused.serves(x.to(DType.F16))).isFalse();
    }

    @Test
    @Threads(atLeast = Fused.MOST_THREADS + 1)
    void onManyThreadsTheyDoNot() { assertThat(Fused.serves(Tensor.ones(DType.F32, 2))).isFalse(); }

    private static Tensor drawn(String name, DType dtype, long... shape) {
        return Tensor.randn(Seed.of(5).derive(name), DType.F32, shape).to(dtype);
    }

    private static Tensor exact(Tensor x) { return x.detach().to(DType.F64).requiresGrad(true); }

    private static void requireClose(Tensor actual, Tensor expected, DType dtype) {
        double tolerance = dtype == DType.F32 ? 2e-5 : 1e-2;
        assertThat(actual.allClose(expected, tolerance, tolerance)).as("%s%n%s", actual, expected).isTrue();
    }

    private static Tensor plainNorm(Tensor x) { return x.mul(x.square().mean(true, -1).add(EPS).rsqrt()); }

    /// The widths: whole vectors, less than one, and some with a rest.
    @ParameterizedTest
    @CsvSource({"F32, 64", "F32, 8", "F32, 100", "BF16, 64", "BF16, 8", "BF16, 100"})
    void normIsThePlainOne(DType dtype, int width) {
        var x = drawn("x", dtype, 3, 5, width);
        var gain = drawn("gain", DType.F32, 3, width);
        var shift = drawn("shift", DType.F32, 3, width);
        var dy = drawn("dy", dtype, 3, 5, width);
        var older = drawn("older", dtype, 3, 5, width);
        var inputs = List.of(exact(x), exact(gain), exact(shift));
        var expected = plainNorm(inputs.get(0)).mul(inputs.get(1).unsqueeze(1)).add(inputs.get(2).unsqueeze(1));
        var gradients = Autograd.grad(expected, dy.to(DType.F64), inputs);

        requireClose(FusedNorm.forward(x, gain, shift, EPS), expected, dtype);

        var sum = older.copy();
        var gradient = FusedNorm.backward(x, dy, gain, true, EPS, sum, true);
        requireClose(sum, requireNonNull(gradients.get(0)).add(older.to(DType.F64)), dtype);
        requireClose(gradient.gain(), requireNonNull(gradients.get(1)), DType.F32);
        requireClose(requireNonNull(gradient.shift()), requireNonNull(gradients.get(2)), DType.F32);

        var alone = dy.copy();
        FusedNorm.backward(x, alone, gain, false, EPS, alone, false);
        requireClose(alone, requireNonNull(gradients.get(0)), dtype);
    }

    @ParameterizedTest
    @CsvSource({"F32, 64", "F32, 6", "F32, 40", "BF16, 64", "BF16, 6", "BF16, 40"})
    void headsAreNormedAndRotated(DType dtype, int width) {
        int heads = 3, half = width / 2;
        var x = drawn("x", dtype, 2, 5, heads * width);
        var gain = drawn("gain", DType.F32, width);
        var cos = drawn("cos", DType.F32, 2, 1, 5, width);
        var sin = drawn("sin", DType.F32, 2, 1, 5, width);
        var dy = drawn("dy", dtype, 2, 5, heads * width);
        var inputs = List.of(exact(x), exact(gain));
        var normed_BHND = plainNorm(inputs.get(0).view(2, 5, heads, width)).mul(inputs.get(1)).transpose(1, 2);
        var rotated = normed_BHND.mul(cos.to(DType.F64)).add(normed_BHND.roll(half, -1).mul(sin.to(DType.F64)));
        var expected = rotated.transpose(1, 2).flatten(2, 3);
        var gradients = Autograd.grad(expected, dy.to(DType.F64), inputs);
        var fused = new FusedHeads(heads, gain, EPS, cos, sin);

        requireClose(fused.forward(x), expected, dtype);

        var dx = dy.copy();
        requireClose(requireNonNull(fused.backward(x, dx, dx)), requireNonNull(gradients.get(1)), DType.F32);
        requireClose(dx, requireNonNull(gradients.get(0)), dtype);
    }

    /// One table for all samples, and heads that are only rotated.
    @Test
    void headsWithoutNormAreOnlyRotated() {
        var x = drawn("x", DType.F32, 2, 5, 64);
        var cos = drawn("cos", DType.F32, 1, 1, 5, 32);
        var sin = drawn("sin", DType.F32, 1, 1, 5, 32);
        var split = x.view(2, 5, 2, 32).transpose(1, 2);
        var rotated = split.mul(cos).add(split.roll(16, -1).mul(sin)).transpose(1, 2).flatten(2, 3);
        requireClose(new FusedHeads(2, null, EPS, cos, sin).forward(x), rotated, DType.F32);
        requireClose(new FusedHeads(2, null, EPS, null, null).forward(x), x, DType.F32);
    }

    @ParameterizedTest
    @CsvSource({"F32, 1", "F32, 8", "BF16, 1"})
    void gatesArePlainOnesForwardAndBackward(DType dtype, double size) {
        requireGate(FusedGate.GELU_TANH, Tensor::geluTanh, dtype, size);
        requireGate(FusedGate.SILU, Tensor::silu, dtype, size);
        requireGate(FusedGate.QUICK_GELU, x -> x.mul(x.mul(1.702).sigmoid()), dtype, size);
    }

    private static void requireGate(FusedGate fused, UnaryOperator<Tensor> activation, DType dtype, double size) {
        var gate = drawn("gate", DType.F32, 7, 72).mul(size).to(dtype);
        var up = drawn("up", dtype, 7, 72);
        var dy = drawn("dy", dtype, 7, 72);
        var inputs = List.of(exact(gate), exact(up));
        var expected = activation.apply(inputs.get(0)).mul(inputs.get(1));
        var gradients = Autograd.grad(expected, dy.to(DType.F64), inputs);
        requireClose(fused.forward(gate, up), expected, dtype);

        var out = dy.copy();
        fused.backwardInPlace(gate, up, out);
        requireClose(gate, requireNonNull(gradients.get(0)), dtype);
        requireClose(up, requireNonNull(gradients.get(1)), dtype);
        requireClose(out, expected, dtype);
    }

    /// Far out σ is 0 or 1, and what is not a number stays none: a run that diverges must see it.
    @Test
    void gateBearsAnyNumber() {
        for (var dtype : List.of(DType.F32, DType.BF16)) {
            var x = Tensor.of(new float[] {-1e4f, 1e4f, Float.NaN, 0, -0f, 300, -300, 1e-30f}).to(dtype);
            var out = FusedGate.GELU_TANH.forward(x, Tensor.ones(dtype, 8)).toFloats();
            assertThat(out[0]).isCloseTo(0, within(1e-30f));
            assertThat(out[1]).isEqualTo(x.toFloats()[1]);
            assertThat(out[2]).isNaN();
            assertThat(out[3]).isZero();
            assertThat(out[5]).isEqualTo(300);
            assertThat(out[6]).isCloseTo(0, within(1e-30f));
        }
    }

    @ParameterizedTest
    @CsvSource({"F32, 64", "F32, 5", "BF16, 64", "BF16, 5"})
    void sumIsThePlainOne(DType dtype, int width) {
        var x = drawn("x", dtype, 3, 4, width);
        var change = drawn("change", dtype, 3, 4, width);
        var factor = drawn("factor", DType.F32, 3, width);
        var dy = drawn("dy", dtype, 3, 4, width);
        var inputs = List.of(exact(change), exact(factor));
        var expected = x.to(DType.F64).add(inputs.get(0).mul(inputs.get(1).unsqueeze(1)));
        var gradients = Autograd.grad(expected, dy.to(DType.F64), inputs);
        requireClose(FusedSum.forward(x, change, factor), expected, dtype);

        var dChange = Tensor.empty(dtype, 3, 4, width);
        requireClose(FusedSum.backward(change, dy, factor, dChange), requireNonNull(gradients.get(1)), DType.F32);
        requireClose(dChange, requireNonNull(gradients.get(0)), dtype);

        var sum = x.copy();
        var parts = List.of(x.detach().contiguous(), change.detach().contiguous(), x.detach().contiguous());
        var whole = Tensor.empty(DType.F32, x.shape());
        FusedSum.of(parts, whole);
        var leftToRight = parts.get(0).to(DType.F32).add(parts.get(1).to(DType.F32)).add(parts.get(2).to(DType.F32));
        assertThat(whole.sameValues(leftToRight)).as("bits and all").isTrue();
        FusedSum.add(sum, change);
        requireClose(sum, x.to(DType.F64).add(change.to(DType.F64)), dtype);
    }

    /// To the nearest, halves to even, whatever the sign; what is not a number stays none.
    @Test
    void bf16IsRoundedAsLibtorchDoes() {
        var x = drawn("x", DType.F32, 64, 64).mul(Tensor.rand(Seed.of(1), DType.F32, 64, 64).mul(80).sub(40).exp());
        var halves = Tensor.of(new float[] {1.00390625f, 1.01171875f, -1.00390625f, Float.NaN, 3.4e38f, 1e-40f, 0, -0f});
        for (var some : List.of(x, halves)) {
            var sum = Tensor.zeros(DType.BF16, some.shape());
            FusedSum.add(sum, some);
            var expected = some.to(DType.BF16).toFloats();
            var actual = sum.toFloats();
            for (int i = 0; i < actual.length; i++) {
                assertThat(Float.valueOf(actual[i])).isEqualTo(Float.valueOf(expected[i] == 0 ? 0 : expected[i])); // −0 is 0 by then
            }
        }
    }

    /// In one part and in many, whose last is a smaller one; queries of several heads beside each key/value head.
    @ParameterizedTest
    @CsvSource({"F32, 1000000, 1", "F32, 300, 2", "BF16, 1000000, 2", "BF16, 300, 1"})
    void attentionByMatmulsIsThePlainOne(DType dtype, long most, int kvHeads) {
        var q = drawn("q", dtype, 3, 4, 5, 8);
        var k = drawn("k", dtype, 3, kvHeads, 7, 8);
        var v = drawn("v", dtype, 3, kvHeads, 7, 8);
        var dy = drawn("dy", dtype, 3, 4, 5, 8);
        float none = Float.NEGATIVE_INFINITY;
        var bias = Tensor.of(new float[] {0, 0, 0, 0, 0, 0, 0, 0, none, none, 0, 0, 0, 0, none, 0, 0, 0, 0, 0, none}, 3, 1, 1, 7);
        var inputs = List.of(exact(q), exact(k), exact(v));
        var scores = inputs.get(0).matmul(inputs.get(1).repeatInterleave(4 / kvHeads, 1).transpose(2, 3)).mul(0.3)
                .add(bias.to(DType.F64));
        var expected = scores.softmax(-1).matmul(inputs.get(2).repeatInterleave(4 / kvHeads, 1));
        var gradients = Autograd.grad(expected, dy.to(DType.F64), inputs);
        try (var owner = TensorScope.holding()) {
            var attention = MatmulAttention.of(q, k, v, bias.to(dtype), 0.3, owner, most);
            requireNear(attention.out_BHND(), expected, dtype);
            var found = attention.backward(dy);
            requireNear(found.q_BHND(), requireNonNull(gradients.get(0)), dtype);
            requireNear(found.k_BKLD(), requireNonNull(gradients.get(1)), dtype);
            requireNear(found.v_BKLD(), requireNonNull(gradients.get(2)), dtype);
        }
    }

    /// By the norm of the difference: single numbers are sums of rounded matmuls in bf16.
    private static void requireNear(Tensor actual, Tensor expected, DType dtype) {
        assertThat(actual.shape()).isEqualTo(expected.shape());
        assertThat(actual.dtype()).isEqualTo(dtype);
        assertThat(actual.to(DType.F64).sub(expected).norm().item())
                .isLessThanOrEqualTo((dtype == DType.F32 ? 1e-6 : 0.01) * expected.norm().item());
    }

    @Test
    void whatIsMaskedHasNoWeightAtAll() {
        var bias = Tensor.of(new float[] {0, Float.NEGATIVE_INFINITY, 0}, 1, 1, 1, 3);
        var v = Tensor.of(new float[] {1, 1e30f, 3}, 1, 1, 3, 1);
        try (var owner = TensorScope.holding()) {
            var out = MatmulAttention.of(Tensor.zeros(DType.F32, Device.CPU, 1, 1, 2, 1), Tensor.ones(DType.F32, 1, 1, 3, 1), v, bias, 1,
                    owner);
            assertThat(out.out_BHND().toFloats()).containsExactly(2, 2);
        }
    }
}
