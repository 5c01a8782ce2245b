package dev.fusedit.trainer.log;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// One message in protobuf's wire format ([protobuf.dev](https://protobuf.dev/programming-guides/encoding/)), field after field.
final class Protobuf {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /// int32, int64 and enum fields; negative numbers take ten bytes.
    Protobuf integer(int field, long value) {
        tag(field, VARINT);
        varint(value);
        return this;
    }

    Protobuf number(int field, double value) {
        tag(field, FIXED64);
        littleEndian(Double.doubleToRawLongBits(value), Long.BYTES);
        return this;
    }

    Protobuf number(int field, float value) {
        tag(field, FIXED32);
        littleEndian(Float.floatToRawIntBits(value), Float.BYTES);
        return this;
    }

    Protobuf text(int field, String value) { return bytes(field, value.getBytes(StandardCharsets.UTF_8)); }

    Protobuf message(int field, Protobuf value) { return bytes(field, value.bytes()); }

    Protobuf bytes(int field, byte[] value) {
        tag(field, BYTES);
        varint(value.length);
        out.writeBytes(value);
        return this;
    }

    byte[] bytes() { return out.toByteArray(); }

    private void tag(int field, int type) { varint((long) field << 3 | type); }

    /// Seven bits a byte, the lowest first; the top bit says that more follow.
    private void varint(long value) {
        for (long left = value;; left >>>= 7) {
            if (left >>> 7 == 0) {
                out.write((int) left);
                return;
            }
            out.write((int) (left & 0x7F | 0x80));
        }
    }

    private void littleEndian(long bits, int bytes) {
        for (int i = 0; i < bytes; i++) {
            out.write((int) (bits >>> 8 * i));
        }
    }
}
