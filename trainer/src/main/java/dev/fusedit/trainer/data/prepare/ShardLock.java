package dev.fusedit.trainer.data.prepare;

import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// That one process alone makes a shard. The system gives it back when the process ends, however it ends.
final class ShardLock implements AutoCloseable {
    private final FileChannel channel;

    private ShardLock(FileChannel channel) { this.channel = channel; }

    /// @return empty if another one has it
    static Optional<ShardLock> take(ShardFiles shard) throws IOException {
        var file = shard.unfinished("lock");
        Files.createDirectories(file.getParent());
        var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) return Optional.of(new ShardLock(channel));
        } catch (OverlappingFileLockException e) {
            // this process, by another thread
        } catch (IOException e) {
            if (WriteFailure.isUnsupported(e)) return Optional.of(new ShardLock(channel)); // the file system has no locks
            channel.close();
            throw e;
        }
        channel.close();
        return Optional.empty();
    }

    @Override
    public void close() throws IOException { channel.close(); }
}
