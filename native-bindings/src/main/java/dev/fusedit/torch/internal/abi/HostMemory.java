package dev.fusedit.torch.internal.abi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Whole arrays to and from native memory, which the caller knows to be large enough.
public final class HostMemory {
    private HostMemory() {}

    public static void write(Object array, long address) {
        switch (array) {
            case float[] a -> MemorySegment.copy(a, 0, NativeMemory.at(address, 4L * a.length), ValueLayout.JAVA_FLOAT, 0, a.length);
            case double[] a -> MemorySegment.copy(a, 0, NativeMemory.at(address, 8L * a.length), ValueLayout.JAVA_DOUBLE, 0, a.length);
            case long[] a -> MemorySegment.copy(a, 0, NativeMemory.at(address, 8L * a.length), ValueLayout.JAVA_LONG, 0, a.length);
            case int[] a -> MemorySegment.copy(a, 0, NativeMemory.at(address, 4L * a.length), ValueLayout.JAVA_INT, 0, a.length);
            case byte[] a -> MemorySegment.copy(a, 0, NativeMemory.at(address, a.length), ValueLayout.JAVA_BYTE, 0, a.length);
            case boolean[] a -> {
                var target = NativeMemory.at(address, a.length);
                for (int i = 0; i < a.length; i++) {
                    target.set(ValueLayout.JAVA_BYTE, i, (byte) (a[i] ? 1 : 0));
                }
            }
            default -> throw new IllegalArgumentException("no tensor of " + array.getClass().getSimpleName());
        }
    }

    public static float[] read(long address, float[] target) {
        MemorySegment.copy(NativeMemory.at(address, 4L * target.length), ValueLayout.JAVA_FLOAT, 0, target, 0, target.length);
        return target;
    }

    public static double[] read(long address, double[] target) {
        MemorySegment.copy(NativeMemory.at(address, 8L * target.length), ValueLayout.JAVA_DOUBLE, 0, target, 0, target.length);
        return target;
    }

    public static long[] read(long address, long[] target) {
        MemorySegment.copy(NativeMemory.at(address, 8L * target.length), ValueLayout.JAVA_LONG, 0, target, 0, target.length);
        return target;
    }

    public static byte[] read(long address, byte[] target) {
        MemorySegment.copy(NativeMemory.at(address, target.length), ValueLayout.JAVA_BYTE, 0, target, 0, target.length);
        return target;
    }
}
