package dev.fusedit.trainer.data.source;

import com.google.common.io.ByteArrayDataOutput;
import com.google.common.io.ByteStreams;
import dev.fusedit.torch.io.WholeFile;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A file of a cache that millions of samples are read from within moments: numbers and texts without names, as the caller knows them, and a
/// checksum behind them. One that is cut, changed or cannot be read is none; one that cannot be written is left out.
final class KeptBytes {
    private static final Logger LOG = LoggerFactory.getLogger(KeptBytes.class);

    private KeptBytes() {}

    /// What is in a file, if it is there and whole.
    static <T> Optional<T> read(Path file, Function<ByteBuffer, T> reading) {
        if (!Files.isRegularFile(file)) return Optional.empty();
        try {
            var bytes = Files.readAllBytes(file);
            int end = bytes.length - Integer.BYTES;
            if (end < 0 || sum(bytes, end) != ByteBuffer.wrap(bytes).getInt(end)) throw new IOException("its checksum is another");
            return Optional.of(reading.apply(ByteBuffer.wrap(bytes, 0, end)));
        } catch (IOException | BufferUnderflowException | IllegalArgumentException e) {
            LOG.debug("{} is not used: {}", file, e.getMessage());
            return Optional.empty();
        }
    }

    static void write(Path file, Consumer<ByteArrayDataOutput> writing) {
        var out = ByteStreams.newDataOutput();
        writing.accept(out);
        var content = out.toByteArray();
        out.writeInt(sum(content, content.length));
        try {
            Files.createDirectories(file.getParent());
            WholeFile.write(file, out.toByteArray());
        } catch (IOException e) {
            LOG.debug("{} is not kept: {}", file, e.getMessage());
        }
    }

    private static int sum(byte[] bytes, int end) {
        var sum = new CRC32C();
        sum.update(bytes, 0, end);
        return (int) sum.getValue();
    }

    /// Of any length, unlike `writeUTF`'s.
    static void putText(ByteArrayDataOutput out, String text) {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    static String text(ByteBuffer in) {
        int length = in.getInt(), at = in.position();
        if (length < 0 || length > in.remaining()) throw new BufferUnderflowException();
        in.position(at + length);
        return new String(in.array(), at, length, StandardCharsets.UTF_8);
    }
}
