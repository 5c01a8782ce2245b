package dev.fusedit.torch.internal.abi;

/// 0-dim CPU tensors of one number. The handle is the caller's.
public final class Scalars {
    private Scalars() {}

    public static long f64(double value) {
        var handle = empty(7);
        NativeMemory.setLong(Handles.data(handle), Double.doubleToRawLongBits(value));
        return handle;
    }

    public static long f32(float value) {
        var handle = empty(6);
        NativeMemory.setFloat(Handles.data(handle), value);
        return handle;
    }

    public static long i64(long value) {
        var handle = empty(4);
        NativeMemory.setLong(Handles.data(handle), value);
        return handle;
    }

    /// Writes a number into an f64 made here.
    public static void set(long f64, double value) { NativeMemory.setLong(Handles.data(f64), Double.doubleToRawLongBits(value)); }

    /// Writes a number into an f32 made here.
    public static void set(long f32, float value) { NativeMemory.setFloat(Handles.data(f32), value); }

    /// Writes a number into an i64 made here.
    public static void set(long i64, long value) { NativeMemory.setLong(Handles.data(i64), value); }

    private static final Op EMPTY = Op.of("empty", "memory_format", 6);

    private static long empty(int dtype) { return Frame.empty(EMPTY, dtype, 0, 0); }
}
