package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkElementIndex;

import com.google.common.primitives.Longs;
import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.abi.Handles;
import dev.fusedit.torch.internal.abi.Op;
import dev.fusedit.torch.internal.abi.Operand;
import dev.fusedit.torch.internal.abi.ReadSection;
import dev.fusedit.torch.internal.abi.ScalarTypes;
import dev.fusedit.torch.internal.ops.Aten;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/// A tensor's handle, its owner, and what can be asked of it. The ops are in the classes between this one and [Tensor], by kind.
///
/// The handle is looked at in three ways: by [#confined] where this thread's own scope owns it; by [#guarded] in a [ReadSection] elsewhere;
/// and by what frees it ([TensorScope]), which waits for such sections.
abstract sealed class TensorHandle extends Operand permits TensorMath {
    private static final VarHandle HANDLE = ReadSection.field(MethodHandles.lookup(), "handle", long.class);
    private static final VarHandle OWNER = ReadSection.field(MethodHandles.lookup(), "owner", TensorScope.class);

    /// `at::Tensor*`, 0 once closed.
    private long handle;
    private @Nullable TensorScope owner;
    private int slot;
    private @Nullable DType dtype;

    TensorHandle(long handle) { this.handle = handle; }

    /// dtype of the elements
    public DType dtype() {
        if (dtype == null) {
            dtype = DType.of(dtypeCode());
        }
        return dtype;
    }

    /// libtorch's number of the dtype, asked anew.
    final int dtypeCode() { return (int) ask("dtype", Handles::dtype); }

    /// Sizes, outermost first; empty for a scalar.
    public long[] shape() { return look("shape", Handles::shape); }

    /// As [#shape], as a list: it prints, `[2, 3]`, and equals another's.
    public List<Long> size() { return Longs.asList(shape()); }

    /// The size along a dimension; negative ones count from the end.
    public long size(int dim) {
        var rank = rank();
        var index = checkElementIndex(dim < 0 ? dim + rank : dim, rank, "dimension");
        return ask("size", handle -> Handles.size(handle, index));
    }

    public int rank() { return (int) ask("rank", Handles::rank); }

    public long numel() { return ask("numel", Handles::numel); }

    public long[] strides() { return look("strides", Handles::strides); }

    public Device device() {
        var type = (int) ask("device", Handles::deviceType);
        return type == 0 ? Device.CPU : Device.of(type, (int) ask("device", Handles::deviceIndex));
    }

    public boolean isContiguous() { return ask("isContiguous", handle -> Handles.contiguous(handle) ? 1 : 0) != 0; }

    /// True once the tensor was freed or its scope closed: any op on it throws.
    public boolean isClosed() { return (long) HANDLE.getOpaque(this) == 0; }

    /// Frees the handle before its scope does. A second call does nothing, on whatever thread.
    ///
    /// @throws IllegalStateException if another thread's stack scope owns it
    public void free() {
        while (!isClosed() && !owner().free((Tensor) this)) {
            Thread.onSpinWait(); // it went to another scope meanwhile
        }
    }

    final TensorScope owner() {
        var scope = (@Nullable TensorScope) OWNER.getVolatile(this);
        if (scope == null) {
            throw new IllegalStateException("the tensor has no owner");
        }
        return scope;
    }

    final int slot() { return slot; }

    /// @param fresh whether no other thread can know the tensor yet
    final void ownedBy(TensorScope scope, int place, boolean fresh) {
        if (fresh) {
            OWNER.setRelease(this, scope);
        } else {
            OWNER.setVolatile(this, scope);
        }
        slot = place;
    }

    final void slotIs(int place) { slot = place; }

    /// Adds the storage, by its address, with its bytes; nothing if the tensor is closed meanwhile.
    final void countStorage(Map<Long, Long> storages) {
        try (var section = ReadSection.enter()) {
            long own = confined();
            long open = own != 0 ? own : guarded(section);
            if (open != 0 && Handles.hasStorage(open)) {
                storages.put(Handles.storage(open), Handles.storageBytes(open));
            }
        }
    }

    // ---- the handle: who may look at it

    @Override
    protected final long confined() {
        var scope = owner;
        return scope != null && scope.isOwn() ? handle : 0;
    }

    @Override
    protected final long guarded(ReadSection section) {
        while (true) {
            var scope = owner();
            section.protect(scope);
            boolean open = scope.share();
            if (scope == OWNER.getVolatile(this)) return open ? (long) HANDLE.getVolatile(this) : 0;
        }
    }

    /// The handle, until this thread frees it or its section ends.
    ///
    /// @throws IllegalStateException if the tensor is closed
    final long open(String use, ReadSection section) {
        long own = confined();
        long open = own != 0 ? own : guarded(section);
        if (open == 0) {
            throw new IllegalStateException(use + ": the tensor was used after its scope was closed or it was freed");
        }
        return open;
    }

    final long ask(String use, LongUnaryOperator query) {
        long own = confined();
        if (own != 0) return query.applyAsLong(own);
        try (var section = ReadSection.enter()) {
            return query.applyAsLong(open(use, section));
        }
    }

    final <T> T look(String use, LongFunction<T> query) {
        long own = confined();
        if (own != 0) return query.apply(own);
        try (var section = ReadSection.enter()) {
            return query.apply(open(use, section));
        }
    }

    /// What was the handle: nobody finds it from here on.
    final long close() {
        long closed = handle;
        HANDLE.setVolatile(this, 0L);
        return closed;
    }

    /// What was the handle, of a tensor that no other thread has ever looked at.
    final long closeUnshared() {
        long closed = handle;
        handle = 0;
        return closed;
    }

    final void delete(long closed) {
        Handles.delete(closed);
        TensorScope.counted(-1);
        HandleTrace.freed((Tensor) this);
    }

    /// After a call that may have put other data behind the handle.
    final void forgetDtype() { dtype = null; }

    final boolean isFloating() { return dtype().isFloating(); }

    final boolean isInteger() { return dtype().isInteger(); }

    final boolean isComplex() { return ScalarTypes.isComplex(dtypeCode()); }

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

    final Tensor unary(Op op) { return own(Frame.begin(op).tensor(this).call()); }

    final Tensor binary(Op op, Tensor other) { return own(Frame.begin(op).tensor(this).tensor(other).call()); }
}
