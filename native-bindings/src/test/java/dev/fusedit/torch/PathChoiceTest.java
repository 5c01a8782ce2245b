package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.host.Cpu;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class PathChoiceTest {
    /// 512 · 512 · 0.5 is more than f16 holds; summed in f32, it is only the result that overflows.
    @Test
    void f16MatmulsAreF16InTheEnd() {
        var x = Tensor.full(1, DType.F16, 3, 512).requiresGrad(true);
        var y = x.linear(Tensor.full(0.5, DType.F16, 4, 512), Tensor.ones(DType.F16, 4));
        assertThat(y.dtype()).isEqualTo(DType.F16);
        assertThat(y.toFloats()).containsOnly(257);
        y.sum().backward();
        assertThat(x.grad().dtype()).isEqualTo(DType.F16);
        assertThat(x.grad().toFloats()).containsOnly(2);
        assertThat(Tensor.full(512, DType.F16, 1, 512).linear(Tensor.full(0.5, DType.F16, 1, 512), null).item())
                .isEqualTo(Double.POSITIVE_INFINITY);
        var image = Tensor.ones(DType.F16, 1, 2, 4, 4).conv2d(Tensor.ones(DType.F16, 3, 2, 2, 2), null, 2, 0);
        assertThat(image.dtype()).isEqualTo(DType.F16);
        assertThat(image.toFloats()).hasSize(12).containsOnly(8);
    }

    @Test
    void plansAreToldWhatIsChosen() {
        assertThat(PathChoice.lines(DType.F16, Device.CPU)).first().isEqualTo("matmuls in f32 (f16 is slower on this device)");
        try (var _ = Bf16Matmuls.assume(true)) {
            assertThat(PathChoice.lines(DType.BF16, Device.CPU)).containsExactly("matmuls in bf16", "convolutions in bf16",
                    "attention in bf16, by two matmuls and a softmax (the fused kernel is slower on this device)",
                    "norms and activations in bf16");
        }
        try (var _ = Bf16Matmuls.assume(false)) {
            assertThat(PathChoice.lines(DType.BF16, Device.CPU)).containsExactly("matmuls in f32 (bf16 is slower on this device)",
                    "convolutions in f32 (bf16 is slower on this device)", "attention in f32 (bf16 is slower on this device)",
                    "norms and activations in bf16");
            assertThat(PathChoice.lines(DType.BF16, Device.cuda(0))).allMatch(line -> line.endsWith(" in bf16"));
        }
        assertThat(PathChoice.lines(DType.F16, Device.cuda(0))).allMatch(line -> line.endsWith(" in f16"));
        assertThat(PathChoice.lines(DType.F32, Device.CPU)).allMatch(line -> line.endsWith(" in f32"));
    }

    @ParameterizedTest
    @CsvSource({"avx2,,false", "avx512f avx512bw avx512_bf16,,true", "avx512_bf16,AVX2,false", "avx512_bf16,avx512_core_vnni,false",
        "avx512_bf16,AVX512_CORE,false", "avx512_bf16,AVX512_CORE_BF16,true", "avx512_bf16 amx_bf16,AVX512_CORE_AMX,true",
        "avx2 avx_ne_convert,AVX2_VNNI_2,true", "avx2 avx_ne_convert,AVX2_VNNI,false", "avx512_bf16,nonsense,true", "bf16,,true"})
    void theRuleIsFlagsAndWhatOneDnnMayUse(String flags, @Nullable String most, boolean allowed) {
        var cpu = new Cpu("X", Set.of(flags.split(" ")));
        var variable = most == null ? "" : most;
        assertThat(Bf16Matmuls.allowed(cpu, Map.of("ONEDNN_MAX_CPU_ISA", variable))).isEqualTo(allowed);
        assertThat(Bf16Matmuls.allowed(cpu, Map.of("DNNL_MAX_CPU_ISA", variable))).as("its old name").isEqualTo(allowed);
        assertThat(Bf16Matmuls.allowed(cpu, Map.of("ONEDNN_MAX_CPU_ISA", "DEFAULT", "DNNL_MAX_CPU_ISA", "AVX2")))
                .as("the new name comes first").isEqualTo(cpu.bf16());
    }

    private static Tensor bf16(long... shape) { return Seed.of(shape.length).stream().randn(DType.F32, shape).to(DType.BF16); }

    private interface Way {
        Tensor of(Tensor x, Tensor y);
    }

    /// Whatever multiplies: with f32's very bits, rounded once. A long sum would round otherwise if it were made in bf16.
    private static Map<String, Way> ways() {
        return Map.of("linear", (x, y) -> x.linear(y, y.select(1, 0)),
                "matmul", (x, y) -> x.matmul(y.transpose(0, 1)),
                "bmm", (x, y) -> x.unsqueeze(0).bmm(y.transpose(0, 1).unsqueeze(0)),
                "einsum", (x, y) -> Tensor.einsum("ni,oi->no", x, y),
                "conv2d", (x, y) -> x.view(1, 30, 16, 16).conv2d(y.view(10, 30, 4, 4), null, 2, 1),
                "attend", (x, y) -> Attention.attend(x.view(2, 4, 16, 60), y.view(2, 4, 10, 60), y.view(2, 4, 10, 60), null),
                "causal", (x, _) -> Attention.causal(x.view(2, 4, 16, 60), x.view(2, 4, 16, 60), x.view(2, 4, 16, 60)));
    }

    private record Found(Tensor y, List<Tensor> gradients) {
        static Found of(Way way, Tensor x, Tensor y) {
            var a = x.detach().requiresGrad(true);
            var b = y.detach().requiresGrad(true);
            var out = way.of(a, b);
            var gradients = Autograd.grad(out.to(DType.F32).square().sum(), List.of(a, b)); // null: not read
            return new Found(out, gradients.stream().filter(Objects::nonNull).toList());
        }
    }

    @Test
    void bf16IsComputedInF32WhereTheCpuHasNoBf16() {
        var x = bf16(16, 480);
        var y = bf16(10, 480).mul(0.1);
        ways().forEach((name, way) -> {
            var wide = Found.of(way, x.to(DType.F32), y.to(DType.F32));
            try (var _ = Bf16Matmuls.assume(false)) {
                var found = Found.of(way, x, y);
                assertThat(found.y().dtype()).as(name).isEqualTo(DType.BF16);
                assertThat(found.y().toFloats()).as(name).containsExactly(wide.y().to(DType.BF16).toFloats());
                assertThat(found.gradients()).as(name).isNotEmpty().allMatch(gradient -> gradient.dtype() == DType.BF16);
                try (var _ = Autograd.noGrad()) {
                    assertThat(way.of(x, y).toFloats()).as(name).containsExactly(found.y().toFloats());
                }
            }
            try (var _ = Bf16Matmuls.assume(true)) {
                var found = Found.of(way, x, y);
                assertThat(found.y().dtype()).as(name).isEqualTo(DType.BF16);
                assertThat(found.y().allClose(wide.y().to(DType.BF16), 0.03, 0.03)).as(name).isTrue();
            }
        });
    }

    @Test
    void attentionByMatmulsIsForCpusWithBf16() {
        var q = bf16(1, 2, 4, 8);
        try (var _ = Bf16Matmuls.assume(false)) {
            assertThat(Attention.byMatmuls(q)).isFalse();
        }
        try (var _ = Bf16Matmuls.assume(true)) {
            assertThat(PathChoice.byMatmuls(DType.BF16, Device.CPU)).isTrue();
        }
        assertThat(PathChoice.byMatmuls(DType.F32, Device.CPU)).isFalse();
    }

    /// A vocabulary's weight is cast in parts.
    @Test
    void largeWeightsGiveTheSameInParts() {
        try (var _ = Bf16Matmuls.assume(false)) {
            var x = bf16(3, 256);
            var weight = bf16((1 << 16) + 5, 256);
            var bias = bf16((1 << 16) + 5);
            var parts = x.linear(weight, bias);
            assertThat(parts.shape()).containsExactly(3, (1 << 16) + 5);
            var wide = x.to(DType.F32).linear(weight.to(DType.F32), bias.to(DType.F32));
            assertThat(parts.allClose(wide.to(DType.BF16), 0.01, 0.01)).isTrue();
        }
    }

    @Test
    void differentDTypesAreRefusedOnEveryCpu() {
        for (boolean has : new boolean[] {true, false}) {
            try (var _ = Bf16Matmuls.assume(has)) {
                assertThatThrownBy(() -> bf16(2, 3).matmul(Tensor.ones(DType.F32, 3, 2))).isInstanceOf(TorchException.class);
                assertThatThrownBy(() -> bf16(2, 3).linear(Tensor.ones(DType.F32, 2, 3), null)).isInstanceOf(TorchException.class);
            }
        }
    }
}
