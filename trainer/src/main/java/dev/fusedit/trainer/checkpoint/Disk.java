package dev.fusedit.trainer.checkpoint;

import dev.fusedit.torch.io.DirectorySync;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/// All that checkpoints do to a file system, step by step, so that tests can let each step fail.
interface Disk {
    void createDirectory(Path directory) throws IOException;

    /// Creates the file; every byte is on the disk when this returns.
    Written write(Path file, Content content) throws IOException;

    /// Atomic, over whatever file is there.
    void rename(Path from, Path to) throws IOException;

    void link(Path link, Path target) throws IOException;

    /// What was created, renamed or deleted in this directory stays so.
    void sync(Path directory) throws IOException;

    void delete(Path file) throws IOException;

    /// @param crc32c in eight hex digits
    record Written(long bytes, String crc32c) {}

    Disk REAL = new Disk() {
        @Override
        public void createDirectory(Path directory) throws IOException { Files.createDirectory(directory); }

        @Override
        public Written write(Path file, Content content) throws IOException {
            try (var out =
                    FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                var counting = new Counting(out);
                content.writeTo(counting);
                out.force(true);
                return new Written(counting.bytes, hex(counting.crc));
            }
        }

        @Override
        public void rename(Path from, Path to) throws IOException { Files.move(from, to, StandardCopyOption.ATOMIC_MOVE); }

        @Override
        public void link(Path link, Path target) throws IOException { Files.createSymbolicLink(link, target); }

        @Override
        public void sync(Path directory) throws IOException { DirectorySync.force(directory); }

        @Override
        public void delete(Path file) throws IOException { Files.delete(file); }
    };

    static String hex(CRC32C crc) { return HexFormat.of().toHexDigits((int) crc.getValue()); }

    /// Sums up what passes through.
    final class Counting implements WritableByteChannel {
        private final WritableByteChannel out;
        private final CRC32C crc = new CRC32C();
        private long bytes;

        private Counting(WritableByteChannel out) { this.out = out; }

        @Override
        public int write(ByteBuffer source) throws IOException {
            int size = source.remaining();
            crc.update(source.duplicate());
            bytes += size;
            while (source.hasRemaining()) out.write(source);
            return size;
        }

        @Override
        public boolean isOpen() { return out.isOpen(); }

        @Override
        public void close() {} // the disk closes it, after the bytes are safe
    }
}
