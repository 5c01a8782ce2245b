package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.abi.Handles;
import dev.fusedit.torch.internal.abi.Op;
import dev.fusedit.torch.internal.abi.Scalars;
import dev.fusedit.torch.internal.ops.Aten;
import java.util.HashMap;
import java.util.Map;

/// Ops with a number: the dispatcher's C ABI knows no Scalar, so the number becomes a 0-dim tensor, kept for the next time.
///
/// The 0-dim tensor must not change the result's dtype, nor lose the number's precision. Beside a tensor of rank ≥ 1 a 0-dim one only
/// counts by its kind (bool < integer < floating): f64 beside floating and i64 beside integers keep all bits. A double
/// beside integers makes PyTorch's default dtype, so it is f32. A 0-dim operand would compare dtypes as equals: it is
/// shown as rank 1 meanwhile.
final class Numbers {
    private static final int LIMIT = 512;
    private static final ThreadLocal<Map<Long, Long>> DOUBLES = ThreadLocal.withInitial(HashMap::new);
    private static final ThreadLocal<Map<Long, Long>> FLOATS = ThreadLocal.withInitial(HashMap::new);
    private static final ThreadLocal<Map<Long, Long>> LONGS = ThreadLocal.withInitial(HashMap::new);

    private Numbers() {}

    @FunctionalInterface
    interface Call {
        Tensor with(Tensor operand, long number);
    }

    static Tensor apply(Tensor operand, double number, Call call) {
        return ranked(operand, call, beside(operand, number));
    }

    static Tensor apply(Tensor operand, long number, Call call) { return ranked(operand, call, of(number)); }

    private static Tensor ranked(Tensor operand, Call call, long number) {
        if (operand.rank() > 0) {
            return call.with(operand, number);
        }
        return TensorScope.scoped(() -> call.with(operand.reshape(1), number).reshape());
    }

    static Tensor binary(Op op, Tensor operand, double number) {
        return apply(operand, number, (x, y) -> Tensor.own(Frame.begin(op).tensor(x.handle).tensor(y).call()));
    }

    static Tensor binary(Op op, Tensor operand, long number) {
        return apply(operand, number, (x, y) -> Tensor.own(Frame.begin(op).tensor(x.handle).tensor(y).call()));
    }

    static void inPlace(Op op, Tensor operand, double number) {
        var y = beside(operand, number);
        Frame.begin(op).tensor(operand.handle).tensor(y).callInPlace();
    }

    static long beside(Tensor operand, double number) {
        return operand.isFloating() ? cached(DOUBLES.get(), Double.doubleToRawLongBits(number), Aten.F64)
                : cached(FLOATS.get(), Double.doubleToRawLongBits(number), Aten.F32);
    }

    static long of(long number) { return cached(LONGS.get(), number, Aten.I64); }

    private static long cached(Map<Long, Long> cache, long bits, int dtype) {
        var known = cache.get(bits);
        if (known != null) {
            return known;
        }
        if (cache.size() == LIMIT) {
            cache.values().forEach(Handles::delete);
            cache.clear();
        }
        var made = dtype == Aten.I64 ? Scalars.i64(bits)
                : dtype == Aten.F64 ? Scalars.f64(Double.longBitsToDouble(bits)) : Scalars.f32((float) Double.longBitsToDouble(bits));
        cache.put(bits, made);
        return made;
    }
}
