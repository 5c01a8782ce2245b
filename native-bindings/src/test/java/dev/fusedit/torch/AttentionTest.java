package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.fused.Fused;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Each way against the plain formula with repeated heads.
@Tag("numeric")
@Threads(atMost = Fused.MOST_THREADS)
@ExtendWith(NoTensorLeaks.class)
class AttentionTest {
    private static final int WIDTH = 8;

    private record Inputs(Tensor q, Tensor k, Tensor v) {
        static Inputs of(int heads, int kvHeads, int queries, int keys, DType dtype) {
            var random = Seed.of(7).stream();
            return new Inputs(random.randn(DType.F32, 2, queries, heads, WIDTH).to(dtype).transpose(1, 2).requiresGrad(true),
                    random.randn(DType.F32, 2, keys, kvHeads, WIDTH).to(dtype).transpose(1, 2).requiresGrad(true),
                    random.randn(DType.F32, 2, kvHeads, keys, WIDTH).to(dtype).requiresGrad(true));
        }

        List<Tensor> all() { return List.of(q, k, v); }
    }

    private static Tensor plain(Inputs in, Tensor bias) {
        var groups = in.q().size(1) / in.k().size(1);
        var q = in.q().to(DType.F64);
        var k = in.k().to(DType.F64).repeatInterleave(groups, 1);
        var v = in.v().to(DType.F64).repeatInterleave(groups, 1);
        var scores = q.matmul(k.transpose(2, 3)).div(Math.sqrt(WIDTH));
        return (bias == null ? scores : scores.add(bias.to(DType.F64))).softmax(-1).matmul(v);
    }

    private static void requireSame(Inputs in, Tensor actual, Tensor expected, DType dtype) {
        var tolerance = dtype == DType.F32 ? 1e-5 : 0.04;
        assertThat(actual.dtype()).isEqualTo(dtype);
        assertThat(actual.allClose(expected, tolerance, tolerance)).isTrue();
        var weights = Tensor.randn(Seed.of(9), DType.F64, expected.shape());
        var wanted = Autograd.grad(expected.mul(weights).sum(), in.all());
        var got = Autograd.grad(actual.to(DType.F64).mul(weights).sum(), in.all());
        for (int i = 0; i < 3; i++) {
            assertThat(got.get(i).allClose(wanted.get(i), 3 * tolerance, 3 * tolerance)).as("gradient %s", i).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({"4,4,F32", "4,1,F32", "4,2,F32", "4,4,BF16", "4,1,BF16", "4,2,BF16", "4,2,F16"})
    void everyKey(int heads, int kvHeads, DType dtype) {
        var in = Inputs.of(heads, kvHeads, 5, 7, dtype);
        requireSame(in, Attention.attend(in.q(), in.k(), in.v(), null), plain(in, null), dtype);
    }

    @ParameterizedTest
    @CsvSource({"4,4,F32", "4,1,F32", "4,2,F32", "4,4,BF16", "4,1,BF16", "4,2,BF16", "4,2,F16"})
    void maskedKeysCountForNothing(int heads, int kvHeads, DType dtype) {
        var in = Inputs.of(heads, kvHeads, 5, 7, dtype);
        var bias = Tensor.zeros(dtype, 2, 1, 1, 7);
        bias.select(0, 1).narrow(-1, 2, 4).fillInPlace(Double.NEGATIVE_INFINITY);
        requireSame(in, Attention.attend(in.q(), in.k(), in.v(), bias), plain(in, bias), dtype);
    }

    @ParameterizedTest
    @CsvSource({"4,4,F32", "4,1,F32", "4,2,F32", "4,2,BF16"})
    void scoresAreSoftCapped(int heads, int kvHeads, DType dtype) {
        var in = Inputs.of(heads, kvHeads, 6, 6, dtype);
        var bias = Tensor.full(Double.NEGATIVE_INFINITY, dtype, 6, 6).triu(1);
        var scale = 1 / Math.sqrt(WIDTH);
        var groups = heads / kvHeads;
        var k = in.k().to(DType.F64).repeatInterleave(groups, 1);
        var scores = in.q().to(DType.F64).matmul(k.transpose(2, 3)).mul(scale).div(1.5).tanh().mul(1.5).add(bias.to(DType.F64));
        requireSame(in, Attention.softcapped(in.q(), in.k(), in.v(), bias, scale, 1.5),
                scores.softmax(-1).matmul(in.v().to(DType.F64).repeatInterleave(groups, 1)), dtype);
        assertThat(Attention.softcapped(in.q(), in.k(), in.v(), null, scale, 1e4)
                .allClose(Attention.attend(in.q(), in.k(), in.v(), null), dtype == DType.F32 ? 1e-4 : 0.05, 0.05)).as("a high cap is none")
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({"4,4,F32", "4,1,F32", "4,2,F32", "4,4,BF16", "4,1,BF16", "4,2,BF16", "4,2,F16"})
    void causalAndTheSameByABias(int heads, int kvHeads, DType dtype) {
        var in = Inputs.of(heads, kvHeads, 6, 6, dtype);
        var bias = Tensor.full(Double.NEGATIVE_INFINITY, dtype, 1, 1, 6, 6).triu(1);
        requireSame(in, Attention.causal(in.q(), in.k(), in.v()), plain(in, bias), dtype);
        var perSample = bias.expand(2, 1, 6, 6).contiguous();
        perSample.select(0, 1).select(-1, 0).narrow(-1, 2, 4).fillInPlace(Double.NEGATIVE_INFINITY);
        requireSame(in, Attention.masked(in.q(), in.k(), in.v(), perSample, 1 / Math.sqrt(WIDTH)), plain(in, perSample), dtype);
    }

    private static final String BUILT_IN = "scaled_dot_product_attention";

    private static List<String> ops(Supplier<Tensor> body) {
        try (var profile = OpProfile.open()) {
            body.get();
            return profile.rows().stream().map(OpProfile.Row::op).toList();
        }
    }

    /// f32 and f16 by libtorch's attention; bf16 by matmuls.
    @Test
    void theWayIsTheOneOfTheTable() {
        for (var dtype : List.of(DType.F32, DType.F16)) {
            var in = Inputs.of(4, 2, 5, 7, dtype);
            assertThat(ops(() -> Attention.attend(in.q(), in.k(), in.v(), null))).contains(BUILT_IN).doesNotContain("bmm", "softmax");
            assertThat(Attention.byMatmuls(in.q())).isFalse();
        }
        var in = Inputs.of(4, 2, 5, 7, DType.BF16);
        try (var _ = Bf16Matmuls.assume(true)) {
            assertThat(Attention.byMatmuls(in.q())).isTrue();
            assertThat(ops(() -> Attention.attend(in.q(), in.k(), in.v(), null))).contains("bmm", "softmax").doesNotContain(BUILT_IN);
        }
        try (var _ = Bf16Matmuls.assume(false)) { // then it is f32's
            assertThat(Attention.byMatmuls(in.q())).isFalse();
            assertThat(ops(() -> Attention.attend(in.q(), in.k(), in.v(), null))).contains(BUILT_IN).doesNotContain("bmm", "softmax");
        }
    }

    @ParameterizedTest
    @CsvSource({"4,4", "4,1", "4,2"})
    void withoutAGraphTheSame(int heads, int kvHeads) {
        var in = Inputs.of(heads, kvHeads, 5, 7, DType.BF16);
        var bias = Tensor.zeros(DType.BF16, 2, 1, 1, 7);
        bias.select(0, 1).narrow(-1, 2, 4).fillInPlace(Double.NEGATIVE_INFINITY);
        try (var _ = Autograd.noGrad()) {
            assertThat(Attention.attend(in.q(), in.k(), in.v(), bias).allClose(plain(in, bias), 0.04, 0.04)).isTrue();
        }
    }

    @Test
    void aBiasOfAnotherFormIsRefused() {
        var in = Inputs.of(4, 4, 5, 7, DType.F32);
        assertThatThrownBy(() -> Attention.attend(in.q(), in.k(), in.v(), Tensor.zeros(DType.F32, 5, 7)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Attention.causal(in.q(), in.k(), in.v())).isInstanceOf(IllegalArgumentException.class);
    }
}
