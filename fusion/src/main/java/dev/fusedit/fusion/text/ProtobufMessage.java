package dev.fusedit.fusion.text;

import static com.google.common.base.Preconditions.checkArgument;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// One message in protobuf's form, field by field. Fields that nobody asks for are passed over.
///
///     while (message.next()) {
///         switch (message.field()) {
///             case 1 -> name = message.text();
///             default -> {}
///         }
///     }
///
/// All methods throw IllegalArgumentException for what is cut short, or of another type than asked for.
final class ProtobufMessage {
    private static final int VARINT = 0;
    private static final int FIXED_64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED_32 = 5;
    private static final int LONGEST_VARINT = 10;

    private final ByteBuffer rest;
    private int tag = -1;
    private ByteBuffer bytes = ByteBuffer.allocate(0);
    private long number;

    ProtobufMessage(ByteBuffer message) { rest = message.slice().order(ByteOrder.LITTLE_ENDIAN); }

    /// Moves to the next field; false at the end.
    boolean next() {
        if (!rest.hasRemaining()) {
            return false;
        }
        var read = varint();
        checkArgument(read >>> 3 > 0 && read >>> 3 < 1 << 29, "a field with the number %s", read >>> 3);
        tag = (int) read;
        switch (tag & 7) {
            case VARINT -> number = varint();
            case FIXED_64 -> number = has(Long.BYTES).getLong();
            case FIXED_32 -> number = has(Integer.BYTES).getInt();
            case BYTES -> {
                var length = varint();
                checkArgument(length >= 0 && length <= rest.remaining(), "%s bytes of which %s are there", length, rest.remaining());
                bytes = rest.slice(rest.position(), (int) length);
                rest.position(rest.position() + (int) length);
            }
            default -> throw new IllegalArgumentException("field %d of the type %d".formatted(field(), tag & 7));
        }
        return true;
    }

    private ByteBuffer has(int bytes) {
        checkArgument(rest.remaining() >= bytes, "%s bytes of which %s are there", bytes, rest.remaining());
        return rest;
    }

    private long varint() {
        long value = 0;
        for (int i = 0; i < LONGEST_VARINT; i++) {
            var next = has(1).get();
            value |= (next & 0x7fL) << 7 * i;
            if (next >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("a number of more than %d bytes".formatted(LONGEST_VARINT));
    }

    int field() { return tag >>> 3; }

    private void require(int type) { checkArgument((tag & 7) == type, "field %s has the type %s, not %s", field(), tag & 7, type); }

    int integer() {
        require(VARINT);
        return (int) number; // as the format says: the lowest bits
    }

    boolean flag() {
        require(VARINT);
        return number != 0;
    }

    float real() {
        require(FIXED_32);
        return Float.intBitsToFloat((int) number);
    }

    String text() {
        require(BYTES);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.duplicate()).toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("field %d has broken UTF-8".formatted(field()), e);
        }
    }

    /// How many bytes there are.
    int size() {
        require(BYTES);
        return bytes.remaining();
    }

    ProtobufMessage message() {
        require(BYTES);
        return new ProtobufMessage(bytes);
    }
}
