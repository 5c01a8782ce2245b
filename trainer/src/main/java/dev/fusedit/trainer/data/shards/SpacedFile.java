package dev.fusedit.trainer.data.shards;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.function.Consumer;

/// A file that grows only as far as there is room for it, and is hashed as it is written. One thread writes.
final class SpacedFile {
    /// Bytes that are asked for before they are there, so that it is seldom asked.
    private static final long MOST_AHEAD = 16 << 20;

    private final Path path;
    private final FileChannel channel;
    private final Consumer<Size> space;
    private Hasher hasher = Hashing.sha256().newHasher();
    private long written;
    private long granted;
    private long expected;

    /// A size that is asked for.
    ///
    /// @param needed bytes that there must be room for
    /// @param wanted as many as will be needed soon
    final class Size {
        private final long needed, wanted;

        private Size(long needed, long wanted) {
            this.needed = needed;
            this.wanted = wanted;
        }

        long needed() { return needed; }

        long wanted() { return wanted; }

        void grant(long size) { granted = size; }
    }

    /// @param space grants a size, or throws
    SpacedFile(Path path, FileChannel channel, Consumer<Size> space) {
        this.path = path;
        this.channel = channel;
        this.space = space;
    }

    Path path() { return path; }

    /// How large it will be, as far as known.
    void expect(long bytes) { expected = Math.max(expected, bytes); }

    void write(byte[] bytes, int count) throws IOException {
        long end = written + count;
        if (end > granted) space.accept(new Size(end, expected >= end ? expected : end + Math.min(written / 4, MOST_AHEAD)));
        var rest = ByteBuffer.wrap(bytes, 0, count);
        while (rest.hasRemaining()) written += channel.write(rest, written);
        hasher.putBytes(bytes, 0, count);
    }

    /// Forgets what was written.
    void restart() {
        written = 0;
        hasher = Hashing.sha256().newHasher();
    }

    long written() { return written; }

    /// Of all that was written; to be asked for once.
    String sha256() { return hasher.hash().toString(); }

    /// Every byte is on the disk when this returns, and none more.
    void finish() throws IOException {
        channel.truncate(written);
        channel.force(false);
    }
}
