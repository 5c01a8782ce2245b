package dev.fusedit.trainer.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;

/// A source of bytes, written in one go.
@FunctionalInterface
public interface Content {
    /// The channel takes every buffer whole; it stays open.
    void writeTo(WritableByteChannel out) throws IOException;

    static Content of(byte[] bytes) { return out -> out.write(ByteBuffer.wrap(bytes)); }

    static Content of(String text) { return of(text.getBytes(StandardCharsets.UTF_8)); }
}
