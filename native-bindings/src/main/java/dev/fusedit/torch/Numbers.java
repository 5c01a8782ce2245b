package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.abi.Handles;
import dev.fusedit.torch.internal.abi.Op;
import dev.fusedit.torch.internal.abi.Scalars;
import dev.fusedit.torch.internal.abi.TorchState;

/// Ops with a number: the dispatcher's C ABI knows no Scalar, so the number becomes a 0-dim tensor.
///
/// The 0-dim tensor must not change the result's dtype, nor lose the number's precision. Beside a tensor of rank ≥ 1 a 0-dim one only
/// counts by its kind (bool < integer < floating): f64 beside floating and complex ones and i64 beside integers keep all bits (beside f32 PyTorch's
/// kernels round the number to f32 themselves, so it comes as f32, which saves a conversion). A double beside integers makes PyTorch's
/// default dtype, so it is f32. A 0-dim operand would compare dtypes as equals: it is shown as rank 1 meanwhile.
///
/// Each thread has a few such tensors and writes the number into them, op after op. Only where autograd may keep the number
/// for the backward pass it gets a tensor of its own. (A cache by value was tried: small blocks that live long, allocated
/// among large ones that come and go, cost gigabytes of fragmented heap.)
final class Numbers {
    private static final ThreadLocal<Numbers> CURRENT = ThreadLocal.withInitial(Numbers::new);

    private final long f64 = Scalars.f64(0);
    private final long f32 = Scalars.f32(0);
    private final long i64 = Scalars.i64(0);

    private static final long EXACT_IN_F32 = 1 << 24;

    private Numbers() {}

    @FunctionalInterface
    interface Call {
        Tensor with(Tensor operand, long number);
    }

    static Tensor apply(Tensor operand, double number, Call call) {
        if (isKept(operand)) {
            return withOwn(operand, own(operand, number), call);
        }
        return ranked(operand, CURRENT.get().beside(operand, number), call);
    }

    static Tensor apply(Tensor operand, long number, Call call) {
        if (operand.dtype() == DType.F32 && Math.abs(number) <= EXACT_IN_F32) {
            return apply(operand, (double) number, call); // one dtype on both sides: no conversion, half the time
        }
        if (isKept(operand)) {
            return withOwn(operand, Scalars.i64(number), call);
        }
        var mine = CURRENT.get();
        Scalars.set(mine.i64, number);
        return ranked(operand, mine.i64, call);
    }

    static Tensor binary(Op op, Tensor operand, double number) { return apply(operand, number, (x, y) -> call(op, x, y)); }

    static Tensor binary(Op op, Tensor operand, long number) { return apply(operand, number, (x, y) -> call(op, x, y)); }

    static void inPlace(Op op, Tensor operand, double number) {
        var own = own(operand, number);
        try {
            Frame.begin(op).tensor(operand).tensor(own).callInPlace();
        } finally {
            Handles.delete(own);
        }
    }

    /// A new 0-dim tensor of the number, as it must be beside this operand. The handle is the caller's.
    static long own(Tensor operand, double number) { return isWide(operand) ? Scalars.f64(number) : Scalars.f32((float) number); }

    private static boolean isWide(Tensor operand) { return !operand.isInteger() && operand.dtype() != DType.F32; }

    private static Tensor call(Op op, Tensor x, long number) { return Tensor.own(Frame.begin(op).tensor(x).tensor(number).call()); }

    private static boolean isKept(Tensor operand) { return TorchState.gradEnabled() && operand.requiresGrad(); }

    private long beside(Tensor operand, double number) {
        if (isWide(operand)) {
            Scalars.set(f64, number);
            return f64;
        }
        Scalars.set(f32, (float) number);
        return f32;
    }

    private static Tensor withOwn(Tensor operand, long number, Call call) {
        try {
            return ranked(operand, number, call);
        } finally {
            Handles.delete(number);
        }
    }

    private static Tensor ranked(Tensor operand, long number, Call call) {
        return operand.rank() > 0 ? call.with(operand, number)
                : TensorScope.scoped(() -> call.with(operand.reshape(1), number).reshape());
    }
}
