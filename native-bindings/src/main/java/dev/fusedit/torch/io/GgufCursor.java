package dev.fusedit.torch.io;

import dev.fusedit.torch.UserError;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Reads a GGUF header from front to back. Every length is held against what is left of the file before anything is allocated for it.
final class GgufCursor {
    /// A vocabulary of 262,144 tokens with merges takes some 15 MB.
    private static final long LARGEST_HEADER = 256L << 20;
    private static final int DEEPEST = 4;
    /// In all arrays together: each value is an object here.
    private static final int MOST_ELEMENTS = 1 << 24;
    private static final int BOOL = 7;
    private static final int STRING = 8;
    private static final int ARRAY = 9;
    /// Bytes of one value by type code, 0 where the size varies.
    private static final int[] BYTES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    private static final int BUFFER = 1 << 16;

    private final FileBytes file;
    private final long end;
    private long next;
    private int elements;
    private ByteBuffer buffer = ByteBuffer.allocate(0);

    GgufCursor(FileBytes file, long position) {
        this.file = file;
        this.next = position;
        this.end = Math.min(file.size(), LARGEST_HEADER);
    }

    long position() { return next - buffer.remaining(); }

    long left() { return end - position(); }

    int u32() { return bytes(4).getInt(); }

    long u64() { return bytes(8).getLong(); }

    /// A number of things of which each takes at least `least` bytes.
    int count(long claimed, int least, String what) {
        if (claimed < 0 || claimed > left() / least || claimed > Integer.MAX_VALUE - 8) {
            throw wrong("claims %s %s where %d bytes are left", Long.toUnsignedString(claimed), what, left());
        }
        return (int) claimed;
    }

    String string() {
        var bytes = new byte[count(u64(), 1, "bytes of text")];
        copy(bytes);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw wrong("has a text that is not UTF-8");
        }
    }

    /// A value of the metadata: Long, Double, Boolean, String or an unmodifiable List of them.
    Object value(int type) { return value(type, 0); }

    private Object value(int type, int depth) {
        return switch (type) {
            case 0 -> bytes(1).get() & 0xFFL;
            case 1 -> (long) bytes(1).get();
            case 2 -> bytes(2).getShort() & 0xFFFFL;
            case 3 -> (long) bytes(2).getShort();
            case 4 -> u32() & 0xFFFF_FFFFL;
            case 5 -> (long) u32();
            case 6 -> (double) bytes(4).getFloat();
            case BOOL -> bytes(1).get() != 0;
            case STRING -> string();
            case ARRAY -> array(depth);
            case 10, 11 -> u64();
            case 12 -> bytes(8).getDouble();
            default -> throw wrong("has a metadata value of the unknown type %d", type);
        };
    }

    private List<Object> array(int depth) {
        if (depth == DEEPEST) {
            throw wrong("nests arrays deeper than %d", DEEPEST);
        }
        var type = u32();
        var least = type == STRING ? 8 : type == ARRAY ? 12 : type >= 0 && type < BYTES.length ? BYTES[type] : 1;
        var length = count(u64(), least, "array elements");
        if (length > MOST_ELEMENTS - elements) {
            throw wrong("has more than %d array elements in its metadata", MOST_ELEMENTS);
        }
        elements += length;
        var values = new ArrayList<>(Math.min(length, 1 << 16));
        for (int i = 0; i < length; i++) {
            values.add(value(type, depth + 1));
        }
        return Collections.unmodifiableList(values);
    }

    private void copy(byte[] target) {
        for (int done = 0; done < target.length;) {
            if (!buffer.hasRemaining()) {
                refill(1);
            }
            var count = Math.min(buffer.remaining(), target.length - done);
            buffer.get(target, done, count);
            done += count;
        }
    }

    private ByteBuffer bytes(int count) {
        if (buffer.remaining() < count) {
            refill(count);
        }
        return buffer;
    }

    private void refill(int count) {
        var from = position();
        if (end - from < count) {
            throw end < file.size() ? wrong("has a header of more than %d MiB", LARGEST_HEADER >> 20)
                    : wrong("ends inside its header; it is cut short");
        }
        buffer = file.head(from, BUFFER).order(ByteOrder.LITTLE_ENDIAN);
        next = from + buffer.remaining();
    }

    UserError wrong(String message, Object... arguments) {
        return new UserError("%s: %s (header, byte %d)".formatted(file.name(), message.formatted(arguments), position()));
    }
}
