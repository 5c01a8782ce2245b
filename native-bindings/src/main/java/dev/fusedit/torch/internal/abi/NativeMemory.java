package dev.fusedit.torch.internal.abi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Raw memory by address. Callers guarantee that the address is alive and large enough.
public final class NativeMemory {
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private NativeMemory() {}

    public static long getLong(long address) { return ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, address); }

    public static void setLong(long address, long value) { ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, address, value); }

    public static void setFloat(long address, float value) { ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, address, value); }

    /// `count` floats, into the array's beginning.
    public static void read(long address, float[] target, int count) {
        MemorySegment.copy(ALL, ValueLayout.JAVA_FLOAT_UNALIGNED, address, target, 0, count);
    }

    public static void read(long address, short[] target, int count) {
        MemorySegment.copy(ALL, ValueLayout.JAVA_SHORT_UNALIGNED, address, target, 0, count);
    }

    /// The array's first `count` floats.
    public static void write(float[] source, long address, int count) {
        MemorySegment.copy(source, 0, ALL, ValueLayout.JAVA_FLOAT_UNALIGNED, address, count);
    }

    public static void write(short[] source, long address, int count) {
        MemorySegment.copy(source, 0, ALL, ValueLayout.JAVA_SHORT_UNALIGNED, address, count);
    }

    /// A view of the memory, never closed: it must not outlive what it shows.
    public static MemorySegment at(long address, long bytes) { return MemorySegment.ofAddress(address).reinterpret(bytes); }

    /// The same as a direct buffer in native byte order (at most 2 GiB), for channels.
    public static ByteBuffer buffer(long address, int bytes) { return at(address, bytes).asByteBuffer().order(ByteOrder.nativeOrder()); }

    /// A C string that lives as long as the process.
    public static long immortal(String text) { return Arena.global().allocateFrom(text).address(); }

    /// The text behind a `const char*`.
    public static String string(long address) { return ALL.getString(address); }
}
