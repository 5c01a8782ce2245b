package dev.fusedit.trainer.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/// A source of bytes, written in one go.
@FunctionalInterface
public interface Content {
    /// The channel takes every buffer whole; it stays open.
    void writeTo(WritableByteChannel out) throws IOException;

    static Content of(byte[] bytes) { return out -> out.write(ByteBuffer.wrap(bytes)); }

    /// What a stream gives, a piece at a time.
    static Content of(Supplier<InputStream> opened) {
        return out -> {
            try (var in = opened.get()) {
                var piece = new byte[1 << 16];
                for (int length = in.readNBytes(piece, 0, piece.length); length > 0; length = in.readNBytes(piece, 0, piece.length)) {
                    out.write(ByteBuffer.wrap(piece, 0, length));
                }
            }
        };
    }

    static Content of(String text) { return of(text.getBytes(StandardCharsets.UTF_8)); }
}
