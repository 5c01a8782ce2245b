package dev.fusedit.torch;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.abi.Handles;
import dev.fusedit.torch.internal.abi.Scalars;
import dev.fusedit.torch.internal.ops.Aten;

/// Elements: arithmetic with broadcasting, comparison, elementary functions. A number keeps the dtype that PyTorch would give the
/// result: an integer never promotes, a double makes integers f32.
@CheckReturnValue
abstract sealed class TensorMath extends TensorHandle permits TensorReductions {
    TensorMath(long handle) { super(handle); }

    // ---- arithmetic

    public Tensor add(Tensor other) {
        return !isInteger() || !other.isInteger() ? own(Frame.subtract(Aten.ADD, this, other, -1))
                : IntegerSums.add(self(), other);
    }

    public Tensor add(double number) { return plus(number); }

    public Tensor add(long number) { return plus(number); }

    public Tensor sub(Tensor other) {
        return !isInteger() || !other.isInteger() ? own(Frame.subtract(Aten.SUB, this, other, 1))
                : IntegerSums.add(self(), other.neg());
    }

    public Tensor sub(double number) { return minus(number); }

    public Tensor sub(long number) { return minus(number); }

    /// this + factor · other, for floating and complex dtypes
    public Tensor addScaled(Tensor other, double factor) { return own(Frame.subtract(Aten.ADD, this, other, -factor)); }

    public Tensor mul(Tensor other) { return binary(Aten.MUL, other); }

    public Tensor mul(double number) { return Numbers.binary(Aten.MUL, self(), number); }

    public Tensor mul(long number) { return Numbers.binary(Aten.MUL, self(), number); }

    public Tensor div(Tensor other) { return binary(Aten.DIV, other); }

    public Tensor div(double number) { return Numbers.binary(Aten.DIV, self(), number); }

    public Tensor div(long number) { return Numbers.binary(Aten.DIV, self(), number); }

    /// Quotient rounded toward minus infinity.
    public Tensor floorDiv(long number) {
        return Numbers.apply(self(), number, (x, y) -> {
            var mode = Frame.begin(Aten.DIV_MODE).tensor(x).tensor(y).optionalString("floor");
            return own(mode.call());
        });
    }

    /// Remainder with the sign of the divisor, as Python's `%`.
    public Tensor remainder(long number) { return Numbers.binary(Aten.REMAINDER, self(), number); }

    public Tensor pow(Tensor exponent) { return binary(Aten.POW, exponent); }

    public Tensor pow(double exponent) { return exponent == 2 && isFloating() ? square() : Numbers.binary(Aten.POW, self(), exponent); }

    public Tensor pow(long exponent) { return exponent == 2 && isFloating() ? square() : Numbers.binary(Aten.POW, self(), exponent); }

    public Tensor neg() { return unary(Aten.NEG); }

    public Tensor abs() { return unary(Aten.ABS); }

    public Tensor sign() { return unary(Aten.SIGN); }

    public Tensor square() { return unary(Aten.SQUARE); }

    public Tensor reciprocal() { return unary(Aten.RECIPROCAL); }

    // ---- functions

    public Tensor exp() { return unary(Aten.EXP); }

    public Tensor expm1() { return unary(Aten.EXPM1); }

    public Tensor log() { return unary(Aten.LOG); }

    public Tensor log1p() { return unary(Aten.LOG1P); }

    public Tensor sqrt() { return unary(Aten.SQRT); }

    public Tensor rsqrt() { return unary(Aten.RSQRT); }

    public Tensor sin() { return unary(Aten.SIN); }

    public Tensor cos() { return unary(Aten.COS); }

    public Tensor tanh() { return unary(Aten.TANH); }

    public Tensor sigmoid() { return unary(Aten.SIGMOID); }

    /// log(sigmoid(x))
    public Tensor logSigmoid() { return unary(Aten.LOG_SIGMOID); }

    public Tensor erf() { return unary(Aten.ERF); }

    public Tensor floor() { return unary(Aten.FLOOR); }

    public Tensor ceil() { return unary(Aten.CEIL); }

    /// Nearest whole number, halves to even.
    public Tensor round() { return unary(Aten.ROUND); }

    public Tensor relu() { return unary(Aten.RELU); }

    /// x · sigmoid(x)
    public Tensor silu() { return unary(Aten.SILU); }

    /// Exact GELU, by the error function.
    public Tensor gelu() { return own(Frame.begin(Aten.GELU).tensor(this).string("none").call()); }

    /// GELU in its tanh form.
    public Tensor geluTanh() { return own(Frame.begin(Aten.GELU).tensor(this).string("tanh").call()); }

    public Tensor maximum(Tensor other) { return binary(Aten.MAXIMUM, other); }

    public Tensor minimum(Tensor other) { return binary(Aten.MINIMUM, other); }

    public Tensor clamp(double min, double max) {
        return Numbers.apply(self(), min, (x, low) -> clamp(x, low, Numbers.own(x, max)));
    }

    public Tensor clamp(long min, long max) { return Numbers.apply(self(), min, (x, low) -> clamp(x, low, Scalars.i64(max))); }

    /// Unlike other ops clamp takes no numbers of the CPU's beside another device's tensor: they are carried there.
    private static Tensor clamp(Tensor x, long low, long high) {
        try {
            var device = x.device();
            if (device.isCpu()) return own(Frame.begin(Aten.CLAMP).tensor(x).optionalTensor(low).optionalTensor(high).call());
            return TensorScope.scoped(() -> {
                var least = own(Handles.copy(low)).to(device);
                var most = own(Handles.copy(high)).to(device);
                return own(Frame.begin(Aten.CLAMP).tensor(x).optionalTensor(least).optionalTensor(most).call());
            });
        } finally {
            Handles.delete(high);
        }
    }

    /// this + weight · (end − this)
    public Tensor lerp(Tensor end, Tensor weight) {
        return own(Frame.begin(Aten.LERP).tensor(this).tensor(end).tensor(weight).call());
    }

    // ---- comparison and masks: results are bool

    public Tensor eq(Tensor other) { return binary(Aten.EQ, other); }

    public Tensor eq(double number) { return Numbers.binary(Aten.EQ, self(), number); }

    public Tensor eq(long number) { return Numbers.binary(Aten.EQ, self(), number); }

    public Tensor ne(Tensor other) { return binary(Aten.NE, other); }

    public Tensor ne(double number) { return Numbers.binary(Aten.NE, self(), number); }

    public Tensor ne(long number) { return Numbers.binary(Aten.NE, self(), number); }

    public Tensor lt(Tensor other) { return binary(Aten.LT, other); }

    public Tensor lt(double number) { return Numbers.binary(Aten.LT, self(), number); }

    public Tensor lt(long number) { return Numbers.binary(Aten.LT, self(), number); }

    public Tensor le(Tensor other) { return binary(Aten.LE, other); }

    public Tensor le(double number) { return Numbers.binary(Aten.LE, self(), number); }

    public Tensor le(long number) { return Numbers.binary(Aten.LE, self(), number); }

    public Tensor gt(Tensor other) { return binary(Aten.GT, other); }

    public Tensor gt(double number) { return Numbers.binary(Aten.GT, self(), number); }

    public Tensor gt(long number) { return Numbers.binary(Aten.GT, self(), number); }

    public Tensor ge(Tensor other) { return binary(Aten.GE, other); }

    public Tensor ge(double number) { return Numbers.binary(Aten.GE, self(), number); }

    public Tensor ge(long number) { return Numbers.binary(Aten.GE, self(), number); }

    public Tensor logicalNot() { return unary(Aten.NOT); }

    public Tensor logicalAnd(Tensor other) { return binary(Aten.AND, other); }

    public Tensor logicalOr(Tensor other) { return binary(Aten.OR, other); }

    public Tensor logicalXor(Tensor other) { return binary(Aten.XOR, other); }

    public Tensor isFinite() { return unary(Aten.ISFINITE); }

    /// This where the bool `mask` is false, `value` where it is true.
    public Tensor maskedFill(Tensor mask, double value) { return filled(mask, Scalars.f64(value)); }

    public Tensor maskedFill(Tensor mask, long value) { return filled(mask, Scalars.i64(value)); }

    /// The value never promotes this tensor, so all its bits may come: f64 also beside integers.
    private Tensor filled(Tensor mask, long number) {
        try {
            return own(Frame.begin(Aten.MASKED_FILL).tensor(this).tensor(mask).tensor(number).call());
        } finally {
            Handles.delete(number);
        }
    }

    /// `yes` where this bool tensor is true, `no` elsewhere.
    public Tensor where(Tensor yes, Tensor no) {
        return own(Frame.begin(Aten.WHERE).tensor(this).tensor(yes).tensor(no).call());
    }

    // ---- the same in place: they return nothing, the tensor itself changes

    public void addInPlace(Tensor other) {
        try (var _ = TensorScope.open()) {
            self().copyInPlace(add(other));
        }
    }

    public void mulInPlace(Tensor other) { Frame.begin(Aten.MUL_).tensor(this).tensor(other).callInPlace(); }

    public void mulInPlace(double number) { Numbers.inPlace(Aten.MUL_, self(), number); }

    final Tensor self() { return (Tensor) this; }

    private Tensor plus(double number) {
        return !isInteger() ? Numbers.apply(self(), number, (x, y) -> own(Frame.subtract(Aten.ADD, x, y, -1)))
                : TensorScope.scoped(() -> self().to(DType.F32).add(number));
    }

    private Tensor plus(long number) {
        return !isInteger() ? Numbers.apply(self(), number, (x, y) -> own(Frame.subtract(Aten.ADD, x, y, -1)))
                : TensorScope.scoped(() -> IntegerSums.add(self(), number));
    }

    /// Not the sum with −number: −0 − 0 is −0.
    private Tensor minus(double number) {
        return !isInteger() ? Numbers.apply(self(), number, (x, y) -> own(Frame.subtract(Aten.SUB, x, y, 1))) : plus(-number);
    }

    private Tensor minus(long number) {
        return !isInteger() ? Numbers.apply(self(), number, (x, y) -> own(Frame.subtract(Aten.SUB, x, y, 1))) : plus(-number);
    }
}
