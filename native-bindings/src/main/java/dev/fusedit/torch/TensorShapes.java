package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.ops.Aten;
import java.util.List;

/// Views, joins and selections. A view shares its storage with what it shows.
abstract sealed class TensorShapes extends TensorReductions permits TensorLayers {
    TensorShapes(long handle) { super(handle); }

    /// The same elements in another shape; one size may be -1. A view where strides allow it, else a copy.
    public Tensor reshape(long... shape) { return own(Frame.begin(Aten.RESHAPE).tensor(this).ints(shape).call()); }

    /// As [#reshape], but throws where a copy would be needed.
    public Tensor view(long... shape) { return own(Frame.begin(Aten.VIEW).tensor(this).ints(shape).call()); }

    /// The same bytes read as another dtype; the last dimension grows or shrinks as elements get smaller or larger.
    public Tensor bitsAs(DType dtype) { return own(Frame.begin(Aten.VIEW_DTYPE).tensor(this).i64(dtype.code()).call()); }

    /// A complex tensor (…) as its real and imaginary parts (…, 2), on the same memory: c64 as f32, c128 as f64.
    public Tensor viewAsReal() { return unary(Aten.VIEW_AS_REAL); }

    /// Pairs (…, 2) of f32 or f64 as complex numbers (…), on the same memory.
    public Tensor viewAsComplex() { return unary(Aten.VIEW_AS_COMPLEX); }

    public Tensor transpose(int a, int b) { return own(Frame.begin(Aten.TRANSPOSE).tensor(this).i64(a).i64(b).call()); }

    public Tensor permute(int... dims) { return own(Frame.begin(Aten.PERMUTE).tensor(this).ints(longs(dims)).call()); }

    /// Dimensions `first` to `last` (both included) as one.
    public Tensor flatten(int first, int last) { return own(Frame.begin(Aten.FLATTEN).tensor(this).i64(first).i64(last).call()); }

    public Tensor unsqueeze(int dim) { return own(Frame.begin(Aten.UNSQUEEZE).tensor(this).i64(dim).call()); }

    public Tensor squeeze(int dim) { return own(Frame.begin(Aten.SQUEEZE).tensor(this).i64(dim).call()); }

    /// Repeats dimensions of size 1 without a copy; -1 keeps a size.
    public Tensor expand(long... shape) { return own(Frame.begin(Aten.EXPAND).tensor(this).ints(shape).bool(false).call()); }

    /// A view with given sizes and steps (in elements) from this tensor's first element on.
    public Tensor asStrided(long[] shape, long[] strides) {
        return own(Frame.begin(Aten.AS_STRIDED).tensor(this).ints(shape).ints(strides).none().call());
    }

    public Tensor contiguous() { return own(Frame.begin(Aten.CONTIGUOUS).tensor(this).i64(0).call()); }

    /// Images (B, C, H, W) with channels innermost in memory.
    public Tensor channelsLast() { return own(Frame.begin(Aten.CONTIGUOUS).tensor(this).i64(2).call()); }

    /// A copy with a storage of its own.
    public Tensor copy() { return own(Frame.begin(Aten.CLONE).tensor(this).none().call()); }

    /// `length` places along `dim` from `start`, as a view.
    public Tensor narrow(int dim, long start, long length) { return slice(dim, start, start + length, 1); }

    /// Places `start` (included) to `end` (not) along `dim`, every `step`-th; negative ones count from the end.
    public Tensor slice(int dim, long start, long end, long step) {
        return own(Frame.begin(Aten.SLICE).tensor(this).i64(dim).optional(start).optional(end).i64(step).call());
    }

    /// One place along `dim`, which goes away.
    public Tensor select(int dim, long index) { return own(Frame.begin(Aten.SELECT).tensor(this).i64(dim).i64(index).call()); }

    /// `get(i)` of the first dimension.
    public Tensor get(long index) { return select(0, index); }

    /// The places along `dim` that an i64 or i32 vector names, as a copy.
    public Tensor indexSelect(int dim, Tensor indices) {
        return own(Frame.begin(Aten.INDEX_SELECT).tensor(this).i64(dim).tensor(indices).call());
    }

    /// `out[i][j] = this[indices[i][j]][j]` for dim 0, and so on; indices are i64 of this tensor's rank.
    public Tensor gather(int dim, Tensor indices) {
        return own(Frame.begin(Aten.GATHER).tensor(this).i64(dim).tensor(indices).bool(false).call());
    }

    public static Tensor cat(int dim, Tensor... parts) { return cat(dim, List.of(parts)); }

    /// Joins along a dimension that exists.
    public static Tensor cat(int dim, List<Tensor> parts) { return own(Frame.begin(Aten.CAT).tensors(parts).i64(dim).call()); }

    public static Tensor stack(int dim, Tensor... parts) { return stack(dim, List.of(parts)); }

    /// Joins along a new dimension.
    public static Tensor stack(int dim, List<Tensor> parts) { return own(Frame.begin(Aten.STACK).tensors(parts).i64(dim).call()); }

    /// Parts of the sizes given, as views.
    public Tensor[] split(int dim, long... sizes) { return own(Frame.begin(Aten.SPLIT).tensor(this).ints(sizes).i64(dim).callForList()); }

    /// About `parts` equal parts, as views.
    public Tensor[] chunk(int parts, int dim) { return own(Frame.begin(Aten.CHUNK).tensor(this).i64(parts).i64(dim).callForList()); }

    /// The whole, repeated along each dimension.
    public Tensor repeat(long... times) { return own(Frame.begin(Aten.REPEAT).tensor(this).ints(times).call()); }

    /// Each place along `dim` repeated one after the other.
    public Tensor repeatInterleave(long times, int dim) {
        return own(Frame.begin(Aten.REPEAT_INTERLEAVE).tensor(this).i64(times).optional((long) dim).none().call());
    }

    public Tensor flip(int... dims) { return own(Frame.begin(Aten.FLIP).tensor(this).ints(longs(dims)).call()); }

    public Tensor roll(long shift, int dim) { return own(Frame.begin(Aten.ROLL).tensor(this).ints(shift).ints(dim).call()); }

    /// Lower triangle; `diagonal` 0 includes the main one.
    public Tensor tril(long diagonal) { return own(Frame.begin(Aten.TRIL).tensor(this).i64(diagonal).call()); }

    public Tensor triu(long diagonal) { return own(Frame.begin(Aten.TRIU).tensor(this).i64(diagonal).call()); }

    /// Constant padding: (before, after) pairs from the last dimension backwards.
    public Tensor pad(double value, long... amounts) {
        return own(Frame.begin(Aten.PAD).tensor(this).ints(amounts).string("constant").optional(value).call());
    }
}
