package dev.fusedit.torch.internal.abi;

import static com.google.common.base.Preconditions.checkState;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.fusedit.torch.internal.load.LoadedLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/// Counts the bytes that tensors of the meta device would take on another one: each storage from its birth to its death, those in libtorch's
/// graphs and inside of its operators too. It takes the place of libtorch's allocator for that device, which gives out nothing.
///
///     try (var memory = MetaMemory.watch()) {
///         step();
///         assert memory.peak() < limit;
///     }
///
/// For the whole process, one at a time.
public final class MetaMemory implements AutoCloseable {
    private static final byte META = 14;
    /// c10::DataPtr (c10/core/Allocator.h): the data, their deleter and what it is given, the device.
    private static final MemoryLayout DATA_PTR = MemoryLayout.structLayout(ADDRESS, ADDRESS, ADDRESS, JAVA_BYTE, JAVA_BYTE,
            MemoryLayout.paddingLayout(6));
    private static final int DELETER = 8, CONTEXT = 16, DEVICE_TYPE = 24, DEVICE_INDEX = 25;
    /// Virtual functions of c10::Allocator; the two before `allocate` are its destructors.
    private static final int FUNCTIONS = 8, ALLOCATE = 2;

    private static final MethodHandle GET = handle("_ZN3c1012GetAllocatorERKNS_10DeviceTypeE", FunctionDescriptor.of(ADDRESS, ADDRESS));
    private static final MethodHandle SET =
            handle("_ZN3c1012SetAllocatorENS_10DeviceTypeEPNS_9AllocatorEh", FunctionDescriptor.ofVoid(JAVA_BYTE, ADDRESS, JAVA_BYTE));
    private static final MemorySegment FREED = stub("freed", FunctionDescriptor.ofVoid(JAVA_LONG));

    private static final AtomicLong NAMES = new AtomicLong(1);
    private static final ConcurrentHashMap<Long, Long> BYTES = new ConcurrentHashMap<>();
    private static final AtomicLong NOW = new AtomicLong();
    private static final AtomicLong PEAK = new AtomicLong();
    private static final MemorySegment USUAL = current();
    private static final MemorySegment COUNTING = counting();

    private MetaMemory() {}

    public static MetaMemory watch() {
        checkState(current().address() == USUAL.address(), "somebody watches already");
        NOW.set(0);
        PEAK.set(0);
        set(COUNTING);
        return new MetaMemory();
    }

    /// At the worst moment so far.
    public long peak() { return PEAK.get(); }

    /// Of what was made since, and is there.
    public long bytes() { return NOW.get(); }

    @Override
    public void close() { set(USUAL); }

    private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(LoadedLibrary.current().symbols().findOrThrow(name), descriptor);
    }

    private static MemorySegment stub(String method, FunctionDescriptor descriptor) {
        try {
            var target = MethodHandles.lookup().findStatic(MetaMemory.class, method, descriptor.toMethodType());
            return Linker.nativeLinker().upcallStub(target, descriptor, Arena.global());
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static MemorySegment current() {
        try (var arena = Arena.ofConfined()) {
            return (MemorySegment) GET.invokeExact(arena.allocateFrom(JAVA_BYTE, META));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static void set(MemorySegment allocator) {
        try {
            SET.invokeExact(META, allocator, (byte) 0);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /// An allocator like the usual one, but for one function.
    private static MemorySegment counting() {
        var table = Arena.global().allocate(JAVA_LONG, FUNCTIONS);
        MemorySegment.copy(NativeMemory.at(NativeMemory.getLong(USUAL.address()), 8 * FUNCTIONS), 0, table, 0, 8 * FUNCTIONS);
        table.setAtIndex(ADDRESS, ALLOCATE, stub("allocate", FunctionDescriptor.of(DATA_PTR, ADDRESS, JAVA_LONG)));
        var allocator = Arena.global().allocate(ADDRESS);
        allocator.set(ADDRESS, 0, table);
        return allocator;
    }

    /// DataPtr Allocator::allocate(size_t)
    private static MemorySegment allocate(MemorySegment allocator, long bytes) {
        long name = NAMES.getAndIncrement();
        BYTES.put(name, bytes);
        long now = NOW.addAndGet(bytes);
        PEAK.accumulateAndGet(now, Math::max);
        var made = Arena.ofAuto().allocate(DATA_PTR);
        made.set(ADDRESS, DELETER, FREED);
        made.set(ADDRESS, CONTEXT, MemorySegment.ofAddress(name));
        made.set(JAVA_BYTE, DEVICE_TYPE, META);
        made.set(JAVA_BYTE, DEVICE_INDEX, (byte) -1);
        return made;
    }

    private static void freed(long name) {
        var bytes = BYTES.remove(name);
        if (bytes != null) NOW.addAndGet(-bytes);
    }
}
