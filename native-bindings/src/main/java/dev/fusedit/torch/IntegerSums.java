package dev.fusedit.torch;

/// Sums of integers. `add.Tensor` takes a Scalar, which the C ABI does not know, and its substitute takes a floating factor, which
/// libtorch refuses for integers; so a + b is the sum over a stack of both, in the dtype that both promote to.
final class IntegerSums {
    private IntegerSums() {}

    static Tensor add(Tensor a, Tensor b) {
        if (a.dtype() == DType.BOOL && b.dtype() == DType.BOOL) {
            return a.logicalOr(b);
        }
        return TensorScope.scoped(() -> {
            var dtype = a.mul(b).dtype(); // the promoted one, by libtorch's own rule
            var shape = a.mul(b).shape();
            return Tensor.stack(0, a.to(dtype).expand(shape), b.to(dtype).expand(shape)).sum(dtype, false, 0);
        });
    }

    static Tensor add(Tensor a, long number) {
        var dtype = a.dtype() == DType.BOOL ? DType.I64 : a.dtype();
        return add(a.to(dtype), Tensor.of(new long[] {number}).reshape().to(dtype));
    }
}
