package dev.fusedit.trainer.data.shards;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.torch.io.WriteFailure;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.Supplier;

/// Fetches a shard once: from the bytes as they come to the unpacked archive on the disk.
///
/// @param shown what messages call it
/// @param mark what the server says, once the bytes have come
record ShardFetch(String shown, InputStream raw, Supplier<HttpMark> mark) implements AutoCloseable {
    private static final int BUFFER = 1 << 16;

    /// @throws UserError if it cannot be had whole, is no archive, or cannot be written. What it is packed in may be damaged: then as much as
    /// can be unpacked is there
    ShardFacts into(SpacedFile file) {
        while (true) {
            try {
                return once(file);
            } catch (HttpDownload.Restarted _) {
                file.restart();
            }
        }
    }

    private ShardFacts once(SpacedFile file) {
        var packed = new Packed();
        var damage = "";
        try (var archive = Unpacking.of(packed, shown)) {
            if (!archive.packed()) file.expect(mark.get().length());
            var buffer = new byte[BUFFER];
            for (int count; (count = archive.tar().read(buffer)) >= 0;) write(file, buffer, count);
        } catch (IOException e) { // of the packing: those of the bytes as they come are no IOExceptions any more
            damage = "is damaged: " + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
        }
        packed.toItsEnd();
        return new ShardFacts(shown, mark.get(), packed.head(), file.written(), file.sha256(), damage);
    }

    private static void write(SpacedFile file, byte[] buffer, int count) {
        try {
            file.write(buffer, count);
        } catch (IOException e) {
            throw WriteFailure.of(file.path(), e);
        }
    }

    @Override
    public void close() {
        try {
            raw.close();
        } catch (IOException _) {
            // it was only read
        }
    }

    /// The bytes as they come, with a hash of the first ones. Whoever unpacks them does not close them.
    private final class Packed extends FilterInputStream {
        private final Hasher hasher = Hashing.sha256().newHasher();
        private long hashed;

        Packed() { super(raw); }

        @Override
        public int read() {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) {
            try {
                int count = in.read(buffer, offset, length);
                int head = (int) Math.min(Math.max(count, 0), Shard.HEAD - hashed);
                hasher.putBytes(buffer, offset, head);
                hashed += head;
                return count;
            } catch (IOException e) {
                throw new UserError("%s: cannot be read: %s".formatted(shown, SystemReason.of(e)), e);
            }
        }

        @Override
        public long skip(long count) throws IOException {
            return Math.max(0, read(new byte[(int) Math.min(count, BUFFER)]));
        }

        @Override
        public boolean markSupported() { return false; }

        @Override
        public void close() {}

        String head() { return hasher.hash().toString(); }

        /// Where it shows whether all of it came.
        void toItsEnd() {
            try {
                transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                throw new UserError("%s: cannot be read: %s".formatted(shown, SystemReason.of(e)), e);
            }
        }
    }
}
