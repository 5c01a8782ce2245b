package dev.fusedit.torch.io;

import dev.fusedit.torch.DType;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// How GGUF files store elements: blocks of a few values in a few bytes (github.com/ggml-org/ggml, `ggml-common.h`). Types that are
/// known by name only are there for the sake of a good error.
enum GgmlType {
    F32(0, DType.F32), F16(1, DType.F16), Q4_0(2, 32, 18, Dequantizer::q4_0), Q4_1(3), Q5_0(6, 32, 22, Dequantizer::q5_0), Q5_1(7),
    Q8_0(8, 32, 34, Dequantizer::q8_0), Q8_1(9), Q2_K(10), Q3_K(11), Q4_K(12, 256, 144, DequantizerK::q4),
    Q5_K(13, 256, 176, DequantizerK::q5),
    Q6_K(14, 256, 210, DequantizerK::q6), Q8_K(15), IQ2_XXS(16), IQ2_XS(17), IQ3_XXS(18), IQ1_S(19), IQ4_NL(20), IQ3_S(21), IQ2_S(22),
    IQ4_XS(23),
    I8(24, DType.I8), I16(25, DType.I16), I32(26, DType.I32), I64(27, DType.I64), F64(28, DType.F64), IQ1_M(29), BF16(30, DType.BF16),
    TQ1_0(34),
    TQ2_0(35), MXFP4(39);

    private final int code;
    private final @Nullable DType dtype;
    private final int blockValues;
    private final int blockBytes;
    private final @Nullable Dequantizer dequantizer;

    /// Elements as they are.
    GgmlType(int code, DType dtype) { this(code, dtype, 1, dtype.bytes(), null); }

    /// Blocks that become f32.
    GgmlType(int code, int blockValues, int blockBytes, Dequantizer dequantizer) {
        this(code, DType.F32, blockValues, blockBytes, dequantizer);
    }

    /// Known by name only.
    GgmlType(int code) { this(code, null, 1, 1, null); }

    GgmlType(int code, @Nullable DType dtype, int blockValues, int blockBytes, @Nullable Dequantizer dequantizer) {
        this.code = code;
        this.dtype = dtype;
        this.blockValues = blockValues;
        this.blockBytes = blockBytes;
        this.dequantizer = dequantizer;
    }

    static @Nullable GgmlType of(int code) {
        for (var type : values()) {
            if (type.code == code) {
                return type;
            }
        }
        return null;
    }

    /// dtype after reading; null if the type cannot be read.
    @Nullable
    DType dtype() { return dtype; }

    int blockValues() { return blockValues; }

    int blockBytes() { return blockBytes; }

    @Nullable
    Dequantizer dequantizer() { return dequantizer; }

    @Override
    public String toString() { return name().toLowerCase(Locale.ROOT); }
}
