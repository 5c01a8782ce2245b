package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkElementIndex;

import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.abi.Handles;
import dev.fusedit.torch.internal.abi.Op;
import dev.fusedit.torch.internal.abi.ScalarTypes;
import dev.fusedit.torch.internal.ops.Aten;
import org.jspecify.annotations.Nullable;

/// A tensor's handle, its owner, and what can be asked of it. The ops are in the classes between this one and [Tensor], by kind.
abstract sealed class TensorHandle permits TensorMath {
    /// `at::Tensor*`, 0 once closed.
    long handle;
    private @Nullable TensorScope owner;
    private int slot;
    private @Nullable DType dtype;

    TensorHandle(long handle) { this.handle = handle; }

    /// dtype of the elements
    public DType dtype() {
        if (dtype == null) {
            dtype = DType.of(Handles.dtype(open("dtype")));
        }
        return dtype;
    }

    /// Sizes, outermost first; empty for a scalar.
    public long[] shape() { return Handles.shape(open("shape")); }

    /// The size along a dimension; negative ones count from the end.
    public long size(int dim) {
        var rank = rank();
        return Handles.size(handle, checkElementIndex(dim < 0 ? dim + rank : dim, rank, "dimension"));
    }

    public int rank() { return Handles.rank(open("rank")); }

    public long numel() { return Handles.numel(open("numel")); }

    public long[] strides() { return Handles.strides(open("strides")); }

    public Device device() {
        var type = Handles.deviceType(open("device"));
        return type == 0 ? Device.CPU : Device.of(type, Handles.deviceIndex(handle));
    }

    public boolean isContiguous() { return Handles.contiguous(open("isContiguous")); }

    /// True once the tensor was freed or its scope closed: any op on it throws.
    public boolean isClosed() { return handle == 0; }

    /// Frees the handle before its scope does. A second call does nothing.
    public void free() {
        if (handle != 0) {
            owner().remove((Tensor) this);
            release();
        }
    }

    final void release() {
        var freed = handle;
        handle = 0;
        Handles.delete(freed);
        TensorScope.counted(-1);
        HandleTrace.freed((Tensor) this);
    }

    final TensorScope owner() {
        if (owner == null) {
            throw new IllegalStateException("the tensor has no owner");
        }
        return owner;
    }

    final int slot() { return slot; }

    final void ownedBy(TensorScope scope, int place) {
        owner = scope;
        slot = place;
    }

    final long open(String use) {
        if (handle == 0) {
            throw new IllegalStateException(use + ": the tensor was used after its scope was closed or it was freed");
        }
        return handle;
    }

    final boolean isFloating() { return dtype().isFloating(); }

    final boolean isInteger() { return dtype().isInteger(); }

    final boolean isComplex() { return ScalarTypes.isComplex(Handles.dtype(open("dtype"))); }

    static Tensor own(long handle) { return new Tensor(handle); }

    /// Takes over a handle that may stand for the conjugate of what lies in its memory, or for the negative, which PyTorch leaves to be
    /// computed later. A [Tensor] is always what its memory says, since files and arrays are read from there.
    static Tensor resolved(long handle) {
        return ScalarTypes.isComplex(Handles.dtype(handle)) ? resolved(Aten.RESOLVE_CONJ, handle) : own(handle);
    }

    static Tensor resolved(Op op, long handle) {
        try {
            return own(Frame.begin(op).tensor(handle).call());
        } finally {
            Handles.delete(handle);
        }
    }

    static Tensor[] own(long[] handles) {
        var tensors = new Tensor[handles.length];
        for (int i = 0; i < handles.length; i++) {
            tensors[i] = own(handles[i]);
        }
        return tensors;
    }

    static long[] handles(Iterable<Tensor> tensors) {
        var list = com.google.common.collect.ImmutableList.copyOf(tensors);
        return list.stream().mapToLong(t -> t.handle).toArray();
    }

    static long handleOrNone(@Nullable Tensor tensor) { return tensor == null ? 0 : tensor.open("optional argument"); }

    final Tensor unary(Op op) { return own(Frame.begin(op).tensor(handle).call()); }

    final Tensor binary(Op op, Tensor other) { return own(Frame.begin(op).tensor(handle).tensor(other.handle).call()); }
}
