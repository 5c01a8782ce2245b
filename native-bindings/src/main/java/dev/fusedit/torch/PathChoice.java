package dev.fusedit.torch;

import java.util.Arrays;
import java.util.List;

/// In what libtorch computes, where operands are bf16 or f16: in their own dtype, or in f32 where their own is slower. Results have the
/// operands' dtype either way, so that f16 overflows where it should.
///
/// Time against f32 on the CPU, forward and backward, f32's own casts included in the last column (libtorch 2.13, AMD EPYC Genoa with bf16 but
/// no f16 instructions, one thread beside other work, least of 25 times in turn):
///
/// | | bf16 | f16 | f16 by f32 |
/// |---|---|---|---|
/// | linear (512, 320) → 960 | 0.46 | 39 | 1.5 |
/// | linear (768, 128) → 384 | 0.53 | 72 | 1.1 |
/// | convolution (2, 64, 64, 64), 3 × 3 | 0.55 | 86 | |
/// | attention (32, 4, 16, 64), 28 keys | 1.40 by products | 58 by products | 1.4 |
/// | attention (4, 8, 256, 64), 320 keys | 0.46 by products | | |
/// | RMS norm (512, 320) | 1.13 | 1.13 | 1.17 |
/// | layer norm (512, 960) | 0.74 | 0.64 | 1.42 |
/// | GELU (512, 960) | 1.08 | 0.96 | 1.08 |
///
/// Norms and activations compute in f32 inside and only read and write small numbers; casts around them gain nothing.
public enum PathChoice {
    LINEAR("matrix products"), CONVOLUTION("convolutions"), ATTENTION("attention"), POINTWISE("norms and activations");

    private final String title;

    PathChoice(String title) { this.title = title; }

    /// What operands of a dtype are computed in.
    public DType dtype(DType operands, Device device) {
        return this != POINTWISE && device.isCpu() && isSlow(operands) ? DType.F32 : operands;
    }

    private static boolean isSlow(DType operands) {
        return operands == DType.F16 || operands == DType.BF16 && !Bf16Products.here();
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
        return this == ATTENTION && byProducts(operands, device)
                ? "%s in %s, by two products and a softmax (the fused kernel is slower on this device)".formatted(title, operands)
                : "%s in %s".formatted(title, operands);
    }

    /// Whether attention is two products and a softmax. The fused kernel falls to a generic product in bf16 on the CPU, 14 to 25 times slower.
    static boolean byProducts(DType operands, Device device) {
        return operands == DType.BF16 && ATTENTION.dtype(operands, device) == operands && device.isCpu();
    }
}
