package dev.fusedit.torch.io;

import dev.fusedit.torch.DType;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// The dtypes of safetensors files (github.com/huggingface/safetensors, `tensor.rs`), those that are listed only among them.
enum SafeTensorsType {
    F64(DType.F64), F32(DType.F32), F16(DType.F16), BF16(DType.BF16), I64(DType.I64), I32(DType.I32), I16(DType.I16), I8(DType.I8),
    U8(DType.U8), BOOL(DType.BOOL), C64(DType.C64), U64(64), U32(32), U16(16), F8_E5M2(8), F8_E4M3(8), F8_E8M0(8), F8_E4M3FNUZ(8),
    F8_E5M2FNUZ(8), F6_E2M3(6), F6_E3M2(6),
    F4(4);

    private static final String REMEDY =
            "take the model in BF16, F16 or F32, or convert it: in PyTorch tensor.to(torch.bfloat16), times the scales if the model is quantised";

    private final int bits;
    private final @Nullable DType dtype;

    SafeTensorsType(DType dtype) { this(8 * dtype.bytes(), dtype); }

    SafeTensorsType(int bits) { this(bits, null); }

    SafeTensorsType(int bits, @Nullable DType dtype) {
        this.bits = bits;
        this.dtype = dtype;
    }

    /// Bits of an element of a dtype by the file's word; empty for a word that is not known.
    static OptionalInt bits(String word) { return find(word).map(type -> OptionalInt.of(type.bits)).orElse(OptionalInt.empty()); }

    static Elements elements(String word) {
        var dtype = find(word).map(type -> type.dtype);
        return dtype.isPresent() ? Elements.plain(dtype.get()) : new Elements.Unloadable(word.toLowerCase(Locale.ROOT), REMEDY);
    }

    /// Empty for a dtype that the format does not have.
    static Optional<SafeTensorsType> of(DType dtype) { return Arrays.stream(values()).filter(type -> type.dtype == dtype).findFirst(); }

    private static Optional<SafeTensorsType> find(String word) {
        return Arrays.stream(values()).filter(type -> type.name().equals(word)).findFirst();
    }
}
