package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkState;

import dev.fusedit.torch.internal.abi.Handles;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Objects;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Owns tensors and frees them, last first, when it is closed. Every tensor has exactly one owner.
///
/// A *stack scope* ([#open()]) belongs to the thread that opened it; what ops make goes to the innermost one. A *holding scope*
/// ([#holding()]) is on no stack: it owns weights, optimizer state and caches, and its holder closes it. Without an
/// open scope an op throws, so that nothing leaks in silence.
///
/// Freeing a handle does not free what the autograd graph or a view still needs: libtorch counts references of its own.
///
///     try (var scope = TensorScope.open()) {
///         var y = x.mul(2).add(1);        // both are freed at the end,
///         return scope.keep(y);           // but this one moves to the enclosing scope
///     }
public final class TensorScope implements AutoCloseable {
    private static final class Top {
        @Nullable
        TensorScope scope;
    }

    private static final ThreadLocal<Top> TOP = ThreadLocal.withInitial(Top::new);
    private static final AtomicLong LIVE = new AtomicLong();
    private static final Set<TensorScope> HOLDING = Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    private final @Nullable Thread thread;
    private final @Nullable TensorScope parent;
    private @Nullable Tensor[] tensors = new Tensor[16];
    private int count;
    private int gaps;
    private boolean closed;

    private TensorScope(@Nullable Thread thread, @Nullable TensorScope parent) {
        this.thread = thread;
        this.parent = parent;
    }

    /// Opens a scope on this thread's stack.
    public static TensorScope open() {
        var top = TOP.get();
        return top.scope = new TensorScope(Thread.currentThread(), top.scope);
    }

    /// Opens a scope on no stack. Tensors come to it by [#hold].
    public static TensorScope holding() {
        var scope = new TensorScope(null, null);
        HOLDING.add(scope);
        return scope;
    }

    /// Runs `body` in a scope of its own and keeps only its result.
    public static <T extends Tensors> T scoped(Supplier<T> body) {
        try (var scope = open()) {
            return scope.keep(body.get());
        }
    }

    /// Moves what this scope owns of `result` to the enclosing scope. What another scope owns stays there.
    ///
    /// @throws IllegalStateException if there is no enclosing scope
    public <T extends Tensors> T keep(T result) {
        checkState(parent != null, "there is no enclosing scope to keep a tensor in");
        if (result instanceof Tensor tensor) {
            move(tensor);
        } else {
            result.tensors().forEach(this::move);
        }
        return result;
    }

    private void move(Tensor tensor) {
        if (tensor.owner() == this) {
            remove(tensor);
            Objects.requireNonNull(parent).put(tensor);
        }
    }

    /// Takes the tensors over from the scope that owns them, until this scope is closed.
    public <T extends Tensors> T hold(T owned) {
        owned.tensors().forEach(tensor -> {
            checkState(!tensor.isClosed(), "a closed tensor cannot be held");
            tensor.owner().remove(tensor);
            put(tensor);
        });
        return owned;
    }

    /// Frees what this scope owns. A second call does nothing.
    ///
    /// @throws IllegalStateException on another thread than the one that opened it
    @Override
    public void close() {
        if (closed) {
            return;
        }
        checkState(thread == null || thread == Thread.currentThread(), "a scope is closed by the thread that opened it (%s)", thread);
        if (thread != null) {
            leaveStack();
        } else {
            HOLDING.remove(this);
        }
        closed = true;
        while (count > 0) {
            var tensor = tensors[--count];
            tensors[count] = null;
            if (tensor != null) {
                tensor.release();
            }
        }
    }

    /// Scopes that were opened inside and never closed go first.
    private void leaveStack() {
        var top = TOP.get();
        while (top.scope != null && top.scope != this) {
            top.scope.close();
        }
        top.scope = parent;
    }

    /// Live handles that this scope owns.
    public int size() { return count - gaps; }

    /// Bytes of the storages that this scope's tensors show, each storage once.
    public long bytes() { return bytes(Arrays.stream(tensors, 0, count)); }

    /// Live handles in the whole process.
    public static long live() { return LIVE.get(); }

    /// Bytes behind the tensors of this thread's scopes and of all holding scopes, each storage once.
    public static long liveBytes() {
        var scopes = Stream.<TensorScope>builder();
        for (var scope = TOP.get().scope; scope != null; scope = scope.parent) {
            scopes.add(scope);
        }
        synchronized (HOLDING) {
            HOLDING.forEach(scopes::add);
        }
        return bytes(scopes.build().flatMap(scope -> Arrays.stream(scope.tensors, 0, scope.count)));
    }

    private static long bytes(Stream<@Nullable Tensor> tensors) {
        var storages = new HashMap<Long, Long>();
        tensors.filter(Objects::nonNull)
                .forEach(tensor -> storages.put(Handles.storage(tensor.handle), Handles.storageBytes(tensor.handle)));
        return storages.values().stream().mapToLong(Long::longValue).sum();
    }

    static void add(Tensor tensor) {
        var scope = TOP.get().scope;
        if (scope == null) {
            Handles.delete(tensor.handle);
            throw new IllegalStateException("no TensorScope is open on this thread: try (var scope = TensorScope.open()) { ... }");
        }
        LIVE.getAndIncrement();
        scope.put(tensor);
    }

    static void counted(long change) { LIVE.getAndAdd(change); }

    private void put(Tensor tensor) {
        checkState(!closed, "the scope is closed");
        if (count == tensors.length) {
            makeRoom();
        }
        tensors[count] = tensor;
        tensor.ownedBy(this, count++);
    }

    void remove(Tensor tensor) {
        checkState(thread == null || thread == Thread.currentThread(), "a tensor is freed or moved by its scope's thread (%s)", thread);
        var slot = tensor.slot();
        tensors[slot] = null;
        if (slot == count - 1) {
            count--;
        } else {
            gaps++;
        }
    }

    /// Closes the gaps that early releases left, or grows.
    private void makeRoom() {
        if (gaps < count / 2) {
            tensors = Arrays.copyOf(tensors, 2 * count);
            return;
        }
        var old = tensors;
        var end = count;
        tensors = new Tensor[old.length];
        count = 0;
        gaps = 0;
        for (int i = 0; i < end; i++) {
            if (old[i] != null) {
                tensors[count] = old[i];
                old[i].ownedBy(this, count++);
            }
        }
    }
}
