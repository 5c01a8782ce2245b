package dev.fusedit.torch.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// The bytes of a pickle, or of a file that begins with several. No length is believed beyond what is left.
final class PickleInput {
    private final ByteBuffer bytes;

    PickleInput(ByteBuffer bytes) { this.bytes = bytes.order(ByteOrder.LITTLE_ENDIAN); }

    int position() { return bytes.position(); }

    int u8() { return need(1).get() & 0xFF; }

    int u16() { return need(2).getShort() & 0xFFFF; }

    int i32() { return need(4).getInt(); }

    long i64() { return need(8).getLong(); }

    double bigEndianDouble() { return Double.longBitsToDouble(Long.reverseBytes(i64())); }

    byte[] bytes(long count) {
        var result = new byte[need(count).remaining() >= count ? (int) count : 0];
        bytes.get(result);
        return result;
    }

    String text(long count) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes(count))).toString();
        } catch (CharacterCodingException e) {
            throw new PickleException("has a text that is not UTF-8");
        }
    }

    /// Up to the next line feed.
    String line() {
        for (int i = bytes.position(); i < bytes.limit(); i++) {
            if (bytes.get(i) == '\n') {
                var line = text(i - bytes.position());
                bytes.get();
                return line;
            }
        }
        throw ended();
    }

    private ByteBuffer need(long count) {
        if (count < 0 || count > bytes.remaining()) {
            throw ended();
        }
        return bytes;
    }

    private PickleException ended() {
        return new PickleException("its pickle ends at byte %d in the middle of a value".formatted(bytes.limit()));
    }
}
