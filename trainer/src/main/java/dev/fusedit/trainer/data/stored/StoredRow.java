package dev.fusedit.trainer.data.stored;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// Numbers of one image or text, as they lie in a file: little-endian, row-major.
///
/// @param dtype f32, f16, bf16 or i32
public record StoredRow(DType dtype, long[] shape, byte[] bytes) {
    public StoredRow {
        checkArgument(bytes.length == bytes(dtype, shape), "%s bytes for %s of %s", bytes.length, Arrays.toString(shape), dtype);
    }

    /// Of a row of a shape.
    public static long bytes(DType dtype, long... shape) { return dtype.bytes() * Arrays.stream(shape).reduce(1, Math::multiplyExact); }

    /// Of numbers that the dtype holds without rounding.
    public static StoredRow of(DType dtype, float[] numbers, long... shape) {
        var bytes = buffer(new byte[numbers.length * dtype.bytes()]);
        for (float number : numbers) {
            switch (dtype) {
                case F32 -> bytes.putFloat(number);
                case BF16 -> bytes.putShort((short) (Float.floatToRawIntBits(number) >>> Short.SIZE));
                case F16 -> bytes.putShort(Float.floatToFloat16(number));
                case F64, I64, I32, I16, I8, U8, BOOL, C64, C128 -> throw unstored(dtype);
            }
        }
        return new StoredRow(dtype, shape, bytes.array());
    }

    /// Of ids.
    public static StoredRow of(int[] ids) {
        var bytes = buffer(new byte[ids.length * Integer.BYTES]);
        for (int id : ids) bytes.putInt(id);
        return new StoredRow(DType.I32, new long[] {ids.length}, bytes.array());
    }

    /// Writes the numbers into an array, from a place on.
    public void read(float[] target, int first) {
        var source = buffer(bytes);
        for (int i = first; source.hasRemaining(); i++) {
            target[i] = switch (dtype) {
                case F32 -> source.getFloat();
                case BF16 -> Float.intBitsToFloat(source.getShort() << Short.SIZE);
                case F16 -> Float.float16ToFloat(source.getShort());
                case F64, I64, I32, I16, I8, U8, BOOL, C64, C128 -> throw unstored(dtype);
            };
        }
    }

    public float[] floats() {
        var numbers = new float[bytes.length / dtype.bytes()];
        read(numbers, 0);
        return numbers;
    }

    public int[] ids() {
        checkArgument(dtype == DType.I32, "%s are no ids", dtype);
        var ids = new int[bytes.length / Integer.BYTES];
        buffer(bytes).asIntBuffer().get(ids);
        return ids;
    }

    /// By which damage is found.
    int crc32c() {
        var crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private static ByteBuffer buffer(byte[] bytes) { return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN); }

    private static IllegalArgumentException unstored(DType dtype) {
        return new IllegalArgumentException("rows of " + dtype + " are not stored");
    }
}
