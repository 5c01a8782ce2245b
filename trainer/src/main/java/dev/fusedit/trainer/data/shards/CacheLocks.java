package dev.fusedit.trainer.data.shards;

import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Who reads and who writes what in a folder, among the threads of this process and all processes that share the folder. A lock is a byte
/// of one file, at a place that its name decides, which the system gives back when a process dies. Any thread may ask; a lock may be given
/// back by another one.
///
/// The system counts locks by process, and loses all of a file's when the process closes it anywhere: so there is one of these for a folder,
/// open as long as the process lives.
public final class CacheLocks {
    private static final Map<Path, CacheLocks> BY_FOLDER = new ConcurrentHashMap<>();
    private static final String FILE = "lock";
    private static final long FIRST_WAIT = 1, LONGEST_WAIT = 50;

    private final FileChannel channel;
    private final Map<String, Holders> held = new HashMap<>();

    /// @param lock the system's; of all threads together
    private record Holders(FileLock lock, boolean exclusive, int count) {}

    /// Gives a lock back.
    public interface Held extends AutoCloseable {
        @Override
        void close();
    }

    private CacheLocks(FileChannel channel) { this.channel = channel; }

    /// @param folder made if it is not there
    /// @throws UserError if it cannot be written to
    public static CacheLocks of(Path folder) {
        try {
            Files.createDirectories(folder);
            return BY_FOLDER.computeIfAbsent(folder.toRealPath(), CacheLocks::open);
        } catch (IOException e) {
            throw WriteFailure.of(folder, e);
        }
    }

    private static CacheLocks open(Path folder) {
        try {
            return new CacheLocks(
                    FileChannel.open(folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE));
        } catch (IOException e) {
            throw WriteFailure.of(folder, e);
        }
    }

    /// Waits until nobody holds it exclusively.
    public Held shared(String name) { return waiting(name, false); }

    /// Waits until nobody else holds it.
    public Held exclusive(String name) { return waiting(name, true); }

    /// @return empty if somebody holds it
    public Optional<Held> tryExclusive(String name) { return take(name, true); }

    private Held waiting(String name, boolean exclusive) {
        for (long wait = FIRST_WAIT;; wait = Math.min(2 * wait, LONGEST_WAIT)) {
            var taken = take(name, exclusive);
            if (taken.isPresent()) return taken.get();
            try {
                Thread.sleep(wait);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new UserError("interrupted while another one read or wrote a cache", e);
            }
        }
    }

    private synchronized Optional<Held> take(String name, boolean exclusive) {
        var holders = held.get(name);
        if (holders != null && (exclusive || holders.exclusive)) return Optional.empty();
        try {
            var lock = holders == null ? channel.tryLock(place(name), 1, !exclusive) : holders.lock;
            if (lock == null) return Optional.empty();
            held.put(name, new Holders(lock, exclusive, holders == null ? 1 : holders.count + 1));
            return Optional.of(() -> release(name));
        } catch (IOException e) {
            throw WriteFailure.of("a cache", e);
        }
    }

    private synchronized void release(String name) {
        var holders = Objects.requireNonNull(held.remove(name));
        if (holders.count > 1) {
            held.put(name, new Holders(holders.lock, holders.exclusive, holders.count - 1));
            return;
        }
        try {
            holders.lock.release();
        } catch (IOException e) {
            throw WriteFailure.of("a cache", e);
        }
    }

    private static long place(String name) { return Hashing.sha256().hashString(name, StandardCharsets.UTF_8).asLong() >>> 2; }
}
