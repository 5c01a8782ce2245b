package dev.fusedit.torch.internal.abi;

import static com.google.common.base.Preconditions.checkState;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A section in which this thread uses handles that other threads may free: what it saw open stays until the section has ended.
///
/// These are hazard pointers (Michael 2004) to whole scopes. A reader publishes the scope, then looks whether it is still open; who frees closes it
/// first, then looks for readers, and waits for the sections that name it. All four accesses are volatile, so that one of the two sees
/// the other. A reader pays one such store (about 6 ns), a thread that uses tensors of its own stack scopes nothing, and only who frees what
/// others could see ever waits: as long as a copied reference takes, or a copy to Java, or a kernel on memory; not for ops, which hold references
/// of their own.
///
/// Sections nest. A section is short, and nothing in it closes a scope that others could see: two such threads would wait for each other.
public final class ReadSection implements AutoCloseable {
    private static final List<WeakReference<ReadSection>> ALL = new CopyOnWriteArrayList<>();
    private static final ThreadLocal<ReadSection> CURRENT = ThreadLocal.withInitial(ReadSection::new);
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Object[].class);
    private static final VarHandle ENDED = field(MethodHandles.lookup(), "ended", long.class);
    private static final int SPINS = 100;
    private static final int YIELDS = 200;
    private static final long NAP_NANOS = 50_000;

    /// The scopes that are used, the first `used` of them.
    private volatile @Nullable Object[] slots = new Object[4];
    /// Sections that have ended: tells one from the next, which may use the same scope.
    private volatile long ended;
    private int used;
    private int depth;

    private ReadSection() { ALL.add(new WeakReference<>(this)); }

    /// Access to a field of the class that looks it up.
    public static VarHandle field(MethodHandles.Lookup lookup, String name, Class<?> type) {
        try {
            return lookup.findVarHandle(lookup.lookupClass(), name, type);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /// Begins a section of this thread.
    public static ReadSection enter() { return current().begin(); }

    static ReadSection current() { return CURRENT.get(); }

    ReadSection begin() {
        depth++;
        return this;
    }

    /// Names a scope that is used until the section ends. Whether it is open is to be asked after this, by a volatile read.
    public void protect(Object scope) {
        checkState(depth > 0, "the section has ended");
        var mine = slots;
        for (int i = 0; i < used; i++) {
            if (mine[i] == scope) return;
        }
        if (used == mine.length) {
            mine = Arrays.copyOf(mine, 2 * used);
            slots = mine;
        }
        SLOT.setVolatile(mine, used++, scope);
    }

    @Override
    public void close() {
        if (--depth > 0) return;
        var mine = slots;
        if (used == 0) return;
        while (used > 0) {
            SLOT.setRelease(mine, --used, (Object) null);
        }
        ENDED.setRelease(this, (long) ENDED.get(this) + 1);
    }

    /// Returns when no other thread's section that has begun before uses the scope, which was closed (or a tensor taken out of it) by volatile
    /// stores before this.
    public static void awaitOthers(Object scope) {
        var mine = current();
        checkState(mine.depth == 0, "tensors that other threads may use are not freed inside of a section");
        for (var reference : ALL) {
            var section = reference.get();
            if (section == null) {
                ALL.remove(reference); // its thread has ended
            } else if (section != mine) {
                section.awaitEnd(scope);
            }
        }
    }

    private void awaitEnd(Object scope) {
        long begun = ended;
        for (int tries = 0; uses(scope) && ended == begun; tries++) {
            if (tries < SPINS) {
                Thread.onSpinWait();
            } else if (tries < YIELDS) {
                Thread.yield();
            } else {
                LockSupport.parkNanos(NAP_NANOS);
            }
        }
    }

    private boolean uses(Object scope) {
        var its = slots;
        for (int i = 0; i < its.length; i++) {
            if (SLOT.getVolatile(its, i) == scope) return true;
        }
        return false;
    }
}
