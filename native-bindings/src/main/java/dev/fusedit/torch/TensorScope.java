package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkState;

import dev.fusedit.torch.internal.abi.Handles;
import dev.fusedit.torch.internal.abi.ReadSection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
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
/// ([#holding()]) is on no stack: it owns weights, optimizer state and caches, and its holder closes it. A *session* ([#session()]), of
/// which a process has one at most, is a holding scope that owns what is made where no stack scope is open: shells and notebooks have one.
/// Without any an op throws, so that nothing leaks in silence.
///
/// # Threads
///
/// Any thread may use any tensor at any time; a use that comes too late throws [IllegalStateException], and never brings the process down.
///
/// - A stack scope is closed, and tensors are moved to it, from it and freed in it, by its own thread alone; others that try throw.
/// - A holding scope may be closed, and tensors moved and freed in it, by any thread; of two that close it one does.
/// - An op that has begun ends well, whatever is freed meanwhile: it holds references of its own.
/// - Freeing (`close`, [Tensor#free], and moving a tensor to another scope) waits until no other thread looks at a tensor of this scope: a
///   fraction of a microsecond mostly; as long as it takes where another one copies values to Java, adds, or is in a kernel of `torch.fused`. Where
///   no other thread ever used a tensor of the scope, it waits for nobody and looks for nobody.
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
    private static volatile @Nullable TensorScope session;

    /// Changes of holding scopes are made under the lock of [#HOLDING].
    private final @Nullable Thread thread;
    private final @Nullable TensorScope parent;
    private @Nullable Tensor[] tensors = new Tensor[16];
    private int count;
    private int gaps;
    private volatile boolean closed;
    /// Whether other threads may have used its tensors: they say so before they do, and it is never taken back.
    private volatile boolean shared;

    private TensorScope(@Nullable Thread thread, @Nullable TensorScope parent) {
        this.thread = thread;
        this.parent = parent;
        shared = thread == null;
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

    /// The session, which owns what any thread makes outside of stack scopes until it is closed: for a shell or a notebook, whose snippets
    /// may each run on a thread of their own. Opened if it is not open.
    public static TensorScope session() {
        synchronized (HOLDING) {
            var open = session;
            if (open == null) {
                open = holding();
                session = open;
            }
            return open;
        }
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
        checkState(enclosing() != null, "there is no enclosing scope to keep a tensor in");
        if (result instanceof Tensor tensor) {
            move(tensor);
        } else {
            result.tensors().forEach(this::move);
        }
        return result;
    }

    private void move(Tensor tensor) {
        if (tensor.owner() == this) {
            Objects.requireNonNull(enclosing(), "the session was closed").take(tensor, this);
        }
    }

    /// Null for a scope on no stack.
    private @Nullable TensorScope enclosing() { return parent != null || thread == null ? parent : session; }

    /// Takes the tensors over from the scopes that own them, until this scope is closed.
    ///
    /// @throws IllegalStateException if this is, or one of them is in, a stack scope of another thread
    public <T extends Tensors> T hold(T owned) {
        owned.tensors().forEach(tensor -> {
            while (!take(tensor, tensor.owner())) {
                Thread.onSpinWait(); // another thread moved it
            }
        });
        return owned;
    }

    /// @return whether `from` had it
    private boolean take(Tensor tensor, TensorScope from) {
        if (from.thread == null || thread == null) {
            synchronized (HOLDING) {
                if (tensor.owner() != from) return false;
                moveOver(tensor, from);
            }
        } else {
            moveOver(tensor, from);
        }
        if (from.shared && from != this) {
            ReadSection.awaitOthers(from); // who looks at it as at one of that scope: who frees it here would not wait for them
        }
        return true;
    }

    private void moveOver(Tensor tensor, TensorScope from) {
        checkState(!tensor.isClosed(), "a closed tensor cannot be held");
        requireThread("a tensor is moved to a scope by that scope's thread (%s)");
        checkState(!closed, "the scope is closed");
        from.remove(tensor);
        put(tensor, false);
    }

    /// Frees what this scope owns. A second call does nothing.
    ///
    /// @throws IllegalStateException on another thread than the one that opened it
    @Override
    public void close() {
        if (closed) return;
        if (thread == null) {
            closeHolding();
            return;
        }
        requireThread("a scope is closed by the thread that opened it (%s)");
        leaveStack();
        closed = true; // whoever looks at `shared` after this, and at a tensor then, finds it closed
        if (shared) {
            free(closeAll());
            return;
        }
        while (count > 0) {
            var tensor = tensors[--count];
            tensors[count] = null;
            if (tensor != null) {
                tensor.delete(tensor.closeUnshared());
            }
        }
        gaps = 0;
    }

    private void closeHolding() {
        List<Closed> all;
        synchronized (HOLDING) {
            if (closed) return;
            HOLDING.remove(this);
            if (session == this) session = null;
            closed = true;
            all = closeAll();
        }
        free(all);
    }

    private record Closed(Tensor tensor, long handle) {}

    /// Last first.
    private List<Closed> closeAll() {
        var all = new ArrayList<Closed>(size());
        while (count > 0) {
            var tensor = tensors[--count];
            tensors[count] = null;
            if (tensor != null) {
                all.add(new Closed(tensor, tensor.close()));
            }
        }
        gaps = 0;
        return all;
    }

    private void free(List<Closed> all) {
        if (!all.isEmpty()) {
            ReadSection.awaitOthers(this);
            all.forEach(closed -> closed.tensor.delete(closed.handle));
        }
    }

    /// Frees one of its tensors.
    ///
    /// @return false if the tensor has gone to another scope
    boolean free(Tensor tensor) {
        long handle;
        if (thread == null) {
            synchronized (HOLDING) {
                if (tensor.owner() != this) return false;
                if (tensor.isClosed()) return true;
                remove(tensor);
                handle = tensor.close();
            }
        } else {
            remove(tensor);
            handle = tensor.close();
        }
        if (shared) {
            ReadSection.awaitOthers(this);
        }
        tensor.delete(handle);
        return true;
    }

    boolean isOwn() { return thread == Thread.currentThread(); }

    /// That another thread is about to use one of its tensors.
    ///
    /// @return whether it is open, as seen after that
    boolean share() {
        if (!shared) {
            shared = true;
        }
        return !closed;
    }

    private void requireThread(String sentence) { checkState(thread == null || isOwn(), sentence, thread); }

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
    public long bytes() { return bytes(owned()); }

    /// `TensorScope(3 tensors, 48 bytes)`, `TensorScope(session, 1 tensor, 24 bytes)`, `TensorScope(closed)`.
    @Override
    public String toString() {
        if (closed) return "TensorScope(closed)";
        var kind = this == session ? "session, " : thread == null ? "holding " : isOwn() ? "" : "of thread " + thread.getName() + ", ";
        return String.format(Locale.ROOT, "TensorScope(%s%d %s, %,d bytes)", kind, size(), size() == 1 ? "tensor" : "tensors", bytes());
    }

    /// A look at them that other threads' changes do not disturb.
    private Stream<@Nullable Tensor> owned() {
        if (thread != null) return Arrays.stream(tensors, 0, count);
        synchronized (HOLDING) {
            return Arrays.stream(Arrays.copyOf(tensors, count));
        }
    }

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
        return bytes(scopes.build().flatMap(TensorScope::owned));
    }

    private static long bytes(Stream<@Nullable Tensor> tensors) {
        var storages = new HashMap<Long, Long>();
        tensors.filter(Objects::nonNull).filter(tensor -> !tensor.isClosed()).forEach(tensor -> tensor.countStorage(storages));
        return storages.values().stream().mapToLong(Long::longValue).sum();
    }

    static void add(Tensor tensor, long handle) {
        var scope = TOP.get().scope;
        if (scope == null) {
            addToSession(tensor, handle);
        } else {
            LIVE.getAndIncrement();
            scope.put(tensor, true);
        }
    }

    private static void addToSession(Tensor tensor, long handle) {
        synchronized (HOLDING) {
            var open = session;
            if (open != null) {
                LIVE.getAndIncrement();
                open.put(tensor, true);
                return;
            }
        }
        Handles.delete(handle);
        throw new IllegalStateException("no TensorScope is open on this thread: try (var scope = TensorScope.open()) { ... }, or in a "
                + "shell var scope = TensorScope.session()");
    }

    static void counted(long change) { LIVE.getAndAdd(change); }

    private void put(Tensor tensor, boolean fresh) {
        if (count == tensors.length) {
            makeRoom();
        }
        tensors[count] = tensor;
        tensor.ownedBy(this, count++, fresh);
    }

    private void remove(Tensor tensor) {
        requireThread("a tensor is freed or moved by its scope's thread (%s)");
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
                old[i].slotIs(count++);
            }
        }
    }
}
