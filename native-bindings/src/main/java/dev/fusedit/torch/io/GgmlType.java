package dev.fusedit.torch.io;

import dev.fusedit.torch.DType;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How GGUF files store elements: blocks of a few values in a few bytes (github.com/ggml-org/ggml, `ggml.h`, `ggml-common.h`). Those
/// without a dequantiser are listed, and not read.
enum GgmlType {
    F32(0, DType.F32), F16(1, DType.F16), Q4_0(2, 32, 18, Dequantizer::q4_0), Q4_1(3, 32, 20), Q5_0(6, 32, 22, Dequantizer::q5_0),
    Q5_1(7, 32, 24),
    Q8_0(8, 32, 34, Dequantizer::q8_0), Q8_1(9, 32, 36), Q2_K(10, 256, 84), Q3_K(11, 256, 110), Q4_K(12, 256, 144, DequantizerK::q4),
    Q5_K(13, 256, 176, DequantizerK::q5),
    Q6_K(14, 256, 210, DequantizerK::q6), Q8_K(15, 256, 292), IQ2_XXS(16, 256, 66), IQ2_XS(17, 256, 74), IQ3_XXS(18, 256, 98),
    IQ1_S(19, 256, 50),
    IQ4_NL(20, 32, 18), IQ3_S(21, 256, 110), IQ2_S(22, 256, 82), IQ4_XS(23, 256, 136),
    I8(24, DType.I8), I16(25, DType.I16), I32(26, DType.I32), I64(27, DType.I64), F64(28, DType.F64), IQ1_M(29, 256, 56),
    BF16(30, DType.BF16),
    Q4_0_4_4(31, 32, 18), Q4_0_4_8(32, 32, 18), Q4_0_8_8(33, 32, 18), TQ1_0(34, 256, 54), TQ2_0(35, 256, 66), IQ4_NL_4_4(36, 32, 18),
    IQ4_NL_4_8(37, 32, 18), IQ4_NL_8_8(38, 32, 18), MXFP4(39, 32, 17);

    private static final String REMEDY = "convert it to Q8_0, Q6_K, Q5_K, Q4_K, F16 or F32: llama-quantize, from the file in F16 or F32";

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

    /// Listed only.
    GgmlType(int code, int blockValues, int blockBytes) { this(code, null, blockValues, blockBytes, null); }

    GgmlType(int code, @Nullable DType dtype, int blockValues, int blockBytes, @Nullable Dequantizer dequantizer) {
        this.code = code;
        this.dtype = dtype;
        this.blockValues = blockValues;
        this.blockBytes = blockBytes;
        this.dequantizer = dequantizer;
    }

    /// Empty for a number that is not known, such as a newer one.
    static Optional<GgmlType> of(int code) { return Arrays.stream(values()).filter(type -> type.code == code).findFirst(); }

    static Elements elements(int code) {
        var type = of(code);
        var dtype = type.map(known -> known.dtype);
        var name = type.map(GgmlType::toString).orElse("type " + Integer.toUnsignedString(code));
        return dtype.isPresent() ? new Elements.Loadable(dtype.get(), name) : new Elements.Unloadable(name, REMEDY);
    }

    int blockValues() { return blockValues; }

    int blockBytes() { return blockBytes; }

    @Nullable
    Dequantizer dequantizer() { return dequantizer; }

    @Override
    public String toString() { return name().toLowerCase(Locale.ROOT); }
}
