package dev.fusedit.trainer.checkpoint;

import com.google.common.hash.HashCode;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a file is known by again. Its size and its head are looked at whenever it is read; the whole takes as long as reading it.
///
/// @param name in its folder
/// @param head SHA-256 in hex of the first [#HEAD] bytes: of safetensors that is the list of tensors, and some of them
/// @param sha256 of the whole, in hex; null where it could not be read any more when it was to be taken
public record FileStamp(String name, long bytes, String head, @Nullable String sha256) {
    static final int HEAD = 1 << 20;
    private static final int CHUNK = 1 << 20;

    /// Reads the head alone.
    static FileStamp of(Path file) throws IOException {
        return new FileStamp(file.getFileName().toString(), Files.size(file), hash(file, HEAD).toString(), null);
    }

    FileStamp withWhole(Path file) throws IOException { return new FileStamp(name, bytes, head, hash(file, Long.MAX_VALUE).toString()); }

    /// What is another in a file; empty if it seems to be this one.
    Optional<String> difference(Path file) throws IOException {
        if (!Files.isRegularFile(file)) return Optional.of("is not there");
        long now = Files.size(file);
        if (now != bytes) return Optional.of("has %d bytes, but had %d".formatted(now, bytes));
        return hash(file, HEAD).toString().equals(head) ? Optional.empty() : Optional.of("begins with other bytes");
    }

    /// As [#difference], after reading all of it.
    Optional<String> differenceOfWhole(Path file) throws IOException {
        var seen = difference(file);
        boolean same = seen.isPresent() || sha256 == null || hash(file, Long.MAX_VALUE).toString().equals(sha256);
        return same ? seen : Optional.of("holds other bytes");
    }

    private static HashCode hash(Path file, long most) throws IOException {
        var hasher = Hashing.sha256().newHasher();
        var buffer = ByteBuffer.allocate(CHUNK);
        try (var in = FileChannel.open(file)) {
            for (long left = most; left > 0 && in.read(buffer.clear().limit((int) Math.min(CHUNK, left))) > 0;) {
                left -= buffer.position();
                hasher.putBytes(buffer.flip());
            }
        }
        return hasher.hash();
    }
}
