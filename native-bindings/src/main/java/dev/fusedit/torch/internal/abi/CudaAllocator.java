package dev.fusedit.torch.internal.abi;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// libtorch's caching allocator for CUDA, which the C ABI has no functions for: through the object's table of virtual functions, as a C++
/// program calls it.
///
/// The places in the table and in the statistics are those of 2.10's headers (c10/core/CachingDeviceAllocator.h,
/// c10/cuda/CUDACachingAllocator.h); what 2.13's JavaCPP classes list is in the same order. `CudaAllocatorTest` calls those that need no device.
///
/// None of these throws in C++ for a device that has been used, unless CUDA itself has failed; callers ask [#isUsed] and [Cuda#hasFailed].
public final class CudaAllocator {
    // Behind the two destructors, allocate, is_simple_data_ptr, raw_deleter and copy_data.
    private static final int INITIALIZED = 6, EMPTY_CACHE = 7, STATISTICS = 9, RESET_PEAK = 11, FRACTION = 17, SET_FRACTION = 18,
            ENABLED = 21;

    /// More than `DeviceStats` has (about 1,000).
    private static final int STATISTICS_BYTES = 4096;
    /// A count or sum has four longs (now, most, added, taken), for all memory, for small blocks and for large ones.
    private static final int EACH = 3 * 4 * Long.BYTES;
    private static final int ALLOCATED = 4, RESERVED = 5, RETRIES = 9;

    private CudaAllocator() {}

    /// Bytes, and how often.
    ///
    /// @param allocated in tensors
    /// @param reserved of the device, for these and for later ones
    /// @param retries how often memory that was kept for later was given back to find a block
    /// @param refusals how often there was no memory
    public record Statistics(long allocated, long peakAllocated, long reserved, long peakReserved, long retries, long refusals) {}

    /// Whether a tensor was ever made on a device. Nothing else may be called before.
    public static boolean isUsed() {
        try {
            return (boolean) at(INITIALIZED, FunctionDescriptor.of(JAVA_BOOLEAN, JAVA_LONG)).invokeExact(self());
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    /// Whether it keeps memory at all: so it begins. Tells that the table has the places that lie before this one.
    static boolean isEnabled() {
        try {
            return (boolean) at(ENABLED, FunctionDescriptor.of(JAVA_BOOLEAN, JAVA_LONG)).invokeExact(self());
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    public static Statistics statistics(int device) {
        try (var arena = Arena.ofConfined()) {
            var stats = arena.allocate(STATISTICS_BYTES, Long.BYTES);
            long _ = (long) at(STATISTICS, FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_BYTE)).invokeExact(stats.address(),
                    self(), (byte) device); // a large result: its place comes first
            return new Statistics(number(stats, ALLOCATED, 0), number(stats, ALLOCATED, 1), number(stats, RESERVED, 0),
                    number(stats, RESERVED, 1), number(stats, RETRIES, 0), number(stats, RETRIES, 1));
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    private static long number(MemorySegment stats, int which, int part) {
        return stats.get(JAVA_LONG, (long) which * EACH + (long) part * Long.BYTES);
    }

    /// Gives what is kept for later tensors back to the device.
    public static void emptyCache() {
        try {
            at(EMPTY_CACHE, FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_LONG)).invokeExact(self(), 0L, 0L); // a pair: no pool of its own
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    public static void resetPeak(int device) {
        try {
            at(RESET_PEAK, FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_BYTE)).invokeExact(self(), (byte) device);
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    public static double fraction(int device) {
        try {
            return (double) at(FRACTION, FunctionDescriptor.of(JAVA_DOUBLE, JAVA_LONG, JAVA_BYTE)).invokeExact(self(), (byte) device);
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    public static void setFraction(double fraction, int device) {
        try {
            at(SET_FRACTION, FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_DOUBLE, JAVA_BYTE)).invokeExact(self(), fraction, (byte) device);
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    private static long self() { return NativeMemory.getLong(CudaAbi.ALLOCATOR); }

    private static MethodHandle at(int place, FunctionDescriptor descriptor) {
        long table = NativeMemory.getLong(self());
        return Linker.nativeLinker().downcallHandle(MemorySegment.ofAddress(NativeMemory.getLong(table + (long) place * Long.BYTES)),
                descriptor);
    }
}
