package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;

/// What a tensor's elements are. Names are those that messages and recipes use.
public enum DType {
    F64(7, 8), F32(6, 4), BF16(15, 2), F16(5, 2), I64(4, 8), I32(3, 4), I16(2, 2), I8(1, 1), U8(0, 1), BOOL(11, 1);

    private static final DType[] BY_CODE = new DType[16];
    static {
        for (var dtype : values()) {
            BY_CODE[dtype.code] = dtype;
        }
    }

    private final int code;
    private final int bytes;

    DType(int code, int bytes) {
        this.code = code;
        this.bytes = bytes;
    }

    /// c10::ScalarType's number.
    public int code() { return code; }

    /// Bytes of one element.
    public int bytes() { return bytes; }

    public boolean isFloating() { return this == F64 || this == F32 || this == BF16 || this == F16; }

    /// What sums, losses and norms of these numbers are computed in: f64 for f64, f32 for all smaller ones.
    public DType wide() { return this == F64 ? F64 : F32; }

    /// The dtype with a number of c10::ScalarType.
    public static DType of(int code) {
        checkArgument(code >= 0 && code < BY_CODE.length && BY_CODE[code] != null, "dtype %s of libtorch is not supported", code);
        return BY_CODE[code];
    }

    /// `f32`, `bf16`, `bool`.
    @Override
    public String toString() { return name().toLowerCase(java.util.Locale.ROOT); }
}
