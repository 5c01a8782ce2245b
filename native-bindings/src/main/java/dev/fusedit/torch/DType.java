package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.internal.abi.ScalarTypes;

/// What a tensor's elements are. Names are those that messages and recipes use.
public enum DType {
    F64(7), F32(6), BF16(15), F16(5), I64(4), I32(3), I16(2), I8(1), U8(0), BOOL(11),
    /// complex64: real and imaginary part as f32 side by side. No model here computes in complex numbers; they come from, and go to, ops
    /// such as `fft_fft` by [Torch#call].
    C64(9),
    /// complex128: two f64.
    C128(10);

    private static final DType[] BY_CODE = new DType[16];
    static {
        for (var dtype : values()) {
            BY_CODE[dtype.code] = dtype;
        }
    }

    private final int code;
    private final int bytes;

    DType(int code) {
        this.code = code;
        this.bytes = ScalarTypes.bytes(code);
    }

    /// c10::ScalarType's number.
    public int code() { return code; }

    /// Bytes of one element.
    public int bytes() { return bytes; }

    /// Real numbers with a fraction.
    public boolean isFloating() {
        return switch (this) {
            case F64, F32, BF16, F16 -> true;
            case I64, I32, I16, I8, U8, BOOL, C64, C128 -> false;
        };
    }

    public boolean isComplex() { return this == C64 || this == C128; }

    /// Whole numbers, and bool.
    public boolean isInteger() { return !isFloating() && !isComplex(); }

    /// What sums, losses and norms of these numbers are computed in: f64 for f64, f32 for all smaller ones; a complex dtype for itself.
    public DType wide() {
        return switch (this) {
            case F64, C64, C128 -> this;
            case F32, BF16, F16, I64, I32, I16, I8, U8, BOOL -> F32;
        };
    }

    /// Whether a number beside elements of this dtype is within its range. A fraction beside whole numbers makes f32 of them.
    boolean holds(Object number) { return number instanceof Double && isInteger() ? F32.converts(number) : converts(number); }

    /// Whether a number can be converted to this dtype without overflow, as libtorch checks it for a Scalar.
    boolean converts(Object number) {
        return switch (number) {
            case Long _ when this == BOOL -> true;
            case Long whole when isInteger() -> whole >= lowest() && whole <= highest();
            case Number value when !isInteger() -> !Double.isFinite(value.doubleValue()) || Math.abs(value.doubleValue()) <= largest();
            case Number value -> this == BOOL || value.doubleValue() > lowest() - 1.0 && value.doubleValue() < highest() + 1.0;
            default -> true;
        };
    }

    private long lowest() { return this == U8 ? 0 : -1L << 8 * bytes - 1; }

    private long highest() { return this == U8 ? 255 : ~lowest(); }

    private double largest() {
        return switch (this) {
            case F64, C128 -> Double.MAX_VALUE;
            case F16 -> 65504;
            case BF16 -> 0x1.FEp127;
            case F32, C64, I64, I32, I16, I8, U8, BOOL -> Float.MAX_VALUE;
        };
    }

    /// The dtype with a number of c10::ScalarType.
    ///
    /// @throws IllegalArgumentException for those of PyTorch's dtypes that have no place here, by PyTorch's name
    public static DType of(int code) {
        checkArgument(isKnown(code),
                "a tensor is of dtype %s, which fusedit does not compute with; tensor.to(DType.F32), or to another dtype, converts it",
                ScalarTypes.name(code));
        return BY_CODE[code];
    }

    static boolean isKnown(int code) { return code >= 0 && code < BY_CODE.length && BY_CODE[code] != null; }

    /// What messages call a number of c10::ScalarType: `f32`, or PyTorch's name for those that have no place here.
    public static String text(int code) {
        return isKnown(code) ? BY_CODE[code].toString() : ScalarTypes.name(code);
    }

    /// `f32`, `bf16`, `bool`, `c64`.
    @Override
    public String toString() { return name().toLowerCase(java.util.Locale.ROOT); }
}
