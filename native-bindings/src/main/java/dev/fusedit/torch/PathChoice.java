package dev.fusedit.torch;

import java.util.Arrays;
import java.util.List;

/// In what libtorch computes, where operands are bf16 or f16: in their own dtype, or in f32 where their own is slower. Results have the
/// operands' dtype either way, so that f16 overflows where it should.
///
/// f16 is slower on every CPU here, bf16 on those that have no instructions for it ([Bf16Matmuls]). Time against f32 on the CPU, forward
/// and backward, the casts included where it is by f32 (libtorch 2.13, one thread beside other work, least of 5 to 100 times in turn). The
/// CPU is an AMD EPYC Genoa, which has bf16 but no f16; by `ONEDNN_MAX_CPU_ISA` it plays one with AVX-512 but no bf16, and one with AVX2
/// alone:
///
/// | | bf16 | bf16, AVX-512 only | by f32 | bf16, AVX2 only | by f32 | f16 | f16 by f32 |
/// |---|---|---|---|---|---|---|---|
/// | linear (512, 320) → 960 | 0.47 | 4.0 | 1.03 | 16 to 24 | 1.1 | 39 | 1.5 |
/// | linear (768, 128) → 384 | 0.52 | 2.3 | 1.06 | 24 to 35 | 1.1 | 72 | 1.1 |
/// | linear (1024, 1024) → 4096 | 0.47 | 2.8 | 1.17 | | | | |
/// | linear (4, 384) → 2304 | 0.54 | 0.8 | 1.1 | 2.2 | 1.05 | | |
/// | convolution (2, 64, 64, 64), 3 × 3 | 0.51 | 2.6 | 1.07 | 59 | 0.8 to 1.1 | 86 | |
/// | attention (32, 4, 16, 64), 28 keys | 1.24 by matmuls | 6.2 by matmuls | 0.9 | 12 by matmuls | 0.9 | 58 by matmuls | 1.4 |
/// | attention (4, 8, 256, 64), 320 keys | 0.42 by matmuls | 1.9 by matmuls | 1.08 | 11 by matmuls | 0.97 | | |
///
/// Norms and activations compute in f32 inside and only read and write small numbers; casts around them gain nothing:
///
/// | on the same CPU | bf16 | f16 | f16 by f32 |
/// |---|---|---|---|
/// | RMS norm (512, 320) | 1.13 | 1.13 | 1.17 |
/// | layer norm (512, 960) | 0.74 | 0.64 | 1.42 |
/// | GELU (512, 960) | 1.08 | 0.96 | 1.08 |
public enum PathChoice {
    LINEAR("matmuls"), CONVOLUTION("convolutions"), ATTENTION("attention"), POINTWISE("norms and activations");

    private final String title;

    PathChoice(String title) { this.title = title; }

    /// What operands of a dtype are computed in.
    public DType dtype(DType operands, Device device) {
        return this != POINTWISE && device.isCpu() && isSlow(operands) ? DType.F32 : operands;
    }

    private static boolean isSlow(DType operands) {
        return operands == DType.F16 || operands == DType.BF16 && !Bf16Matmuls.here();
    }

    /// One line for each kind of op, as a plan shows them: `matrix products in f32 (f16 is slower here)`.
    public static List<String> lines(DType operands, Device device) {
        return Arrays.stream(values()).map(choice -> choice.line(operands, device)).toList();
    }

    private String line(DType operands, Device device) {
        var chosen = dtype(operands, device);
        if (chosen != operands) {
            return "%s in %s (%s is slower on this device)".formatted(title, chosen, operands);
        }
        return this == ATTENTION && byMatmuls(operands, device)
                ? "%s in %s, by two matmuls and a softmax (the fused kernel is slower on this device)".formatted(title, operands)
                : "%s in %s".formatted(title, operands);
    }

    /// Whether attention is two matmuls and a softmax. The fused kernel falls to a generic matmul in bf16 on the CPU, 14 to 25 times
    /// slower; where the CPU has no bf16 it runs in f32.
    static boolean byMatmuls(DType operands, Device device) {
        return operands == DType.BF16 && ATTENTION.dtype(operands, device) == operands && device.isCpu();
    }
}
