package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.ops.Aten;
import org.jspecify.annotations.Nullable;

/// From many elements to few: sums, means, extremes, softmax. Dimensions may be negative.
abstract sealed class TensorReductions extends TensorMath permits TensorShapes {
    TensorReductions(long handle) { super(handle); }

    public Tensor sum() { return own(Frame.begin(Aten.SUM).tensor(this).none().call()); }

    public Tensor sum(boolean keepDim, int... dims) { return sum(null, keepDim, dims); }

    /// Sums in a dtype, which is also the result's.
    public Tensor sum(@Nullable DType dtype, boolean keepDim, int... dims) { return reduce(Aten.SUM_DIM, dtype, keepDim, dims); }

    public Tensor mean() { return own(Frame.begin(Aten.MEAN).tensor(this).none().call()); }

    public Tensor mean(boolean keepDim, int... dims) { return reduce(Aten.MEAN_DIM, null, keepDim, dims); }

    /// Variance over dimensions; `unbiased` divides by n − 1.
    public Tensor var(boolean unbiased, boolean keepDim, int... dims) {
        return own(Frame.begin(Aten.VAR_DIM).tensor(this).optionalInts(longs(dims)).bool(unbiased).bool(keepDim).call());
    }

    public Tensor max() { return unary(Aten.MAX); }

    public Tensor min() { return unary(Aten.MIN); }

    public Tensor amax(boolean keepDim, int... dims) {
        return own(Frame.begin(Aten.AMAX).tensor(this).ints(longs(dims)).bool(keepDim).call());
    }

    public Tensor amin(boolean keepDim, int... dims) {
        return own(Frame.begin(Aten.AMIN).tensor(this).ints(longs(dims)).bool(keepDim).call());
    }

    /// Index of the largest element along a dimension, i64.
    public Tensor argmax(int dim) { return own(Frame.begin(Aten.ARGMAX).tensor(this).optional((long) dim).bool(false).call()); }

    public Tensor argmin(int dim) { return own(Frame.begin(Aten.ARGMIN).tensor(this).optional((long) dim).bool(false).call()); }

    public Tensor any() { return unary(Aten.ANY); }

    public Tensor all() { return unary(Aten.ALL); }

    /// Running sum along a dimension.
    public Tensor cumsum(int dim) { return own(Frame.begin(Aten.CUMSUM).tensor(this).i64(dim).none().call()); }

    public Tensor logSumExp(boolean keepDim, int... dims) {
        return own(Frame.begin(Aten.LOGSUMEXP).tensor(this).ints(longs(dims)).bool(keepDim).call());
    }

    /// Euclidean norm of all elements.
    public Tensor norm() { return norm(false); }

    /// Euclidean norm over dimensions; over all if none is named.
    public Tensor norm(boolean keepDim, int... dims) {
        return own(Frame.begin(Aten.FROBENIUS).tensor(this).ints(longs(dims)).bool(keepDim).call());
    }

    public Tensor softmax(int dim) { return own(Frame.begin(Aten.SOFTMAX).tensor(this).i64(dim).none().call()); }

    public Tensor logSoftmax(int dim) { return own(Frame.begin(Aten.LOG_SOFTMAX).tensor(this).i64(dim).none().call()); }

    /// The k largest along a dimension, largest first: values, and their indices as i64.
    public Ranked topk(int k, int dim) {
        return ranked(Frame.begin(Aten.TOPK).tensor(this).i64(k).i64(dim).bool(true).bool(true).call(2));
    }

    /// All elements along a dimension in order, and where they were.
    public Ranked sort(int dim, boolean descending) {
        return ranked(Frame.begin(Aten.SORT).tensor(this).i64(dim).bool(descending).call(2));
    }

    private static Ranked ranked(long[] handles) { return new Ranked(own(handles[0]), own(handles[1])); }

    private Tensor reduce(dev.fusedit.torch.internal.abi.Op op, @Nullable DType dtype, boolean keepDim, int... dims) {
        var frame = Frame.begin(op).tensor(this).optionalInts(longs(dims)).bool(keepDim);
        return own((dtype == null ? frame.none() : frame.optional((long) dtype.code())).call());
    }

    static long[] longs(int... values) {
        var result = new long[values.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = values[i];
        }
        return result;
    }
}
