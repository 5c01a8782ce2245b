package dev.fusedit.trainer.data.shards;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/// The room in a cache of shards. Files that are written have the size that they are granted from the beginning, so whoever counts, in
/// whatever process, counts right. The one that was used longest ago goes first; none goes that is being read.
///
/// @param limit bytes of all files together
record CacheSpace(Path folder, long limit, CacheLocks locks) {
    static final String TAR = ".tar";
    static final String PART = ".part";
    private static final String ROOM = "room";
    private static final long WAIT = 50;

    /// @param keep keys of archives that go last
    /// @param spare whether such ones do not go at all
    /// @param alone whether it is waited for others to finish
    record Wish(Predicate<String> keep, boolean spare, boolean alone) {}

    /// There is no room now; there may be when others have finished.
    static final class NoRoom extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /// @param used when, for the last time
    private record Entry(Path file, String key, long bytes, FileTime used) {
        boolean isWhole() { return file.getFileName().toString().endsWith(TAR); }
    }

    /// Makes a file that is being written so large, dropping others for it.
    ///
    /// @return whether there is room for it
    /// @throws NoRoom if there is none even for as much as must be
    void take(Path part, FileChannel channel, SpacedFile.Size size, Wish wish) {
        try {
            while (true) {
                long others;
                try (var _ = locks.exclusive(ROOM)) {
                    others = dropFor(part, size.wanted(), wish);
                    long granted = others + size.wanted() <= limit ? size.wanted() : size.needed();
                    if (others + granted <= limit) {
                        extend(channel, granted);
                        size.grant(granted);
                        return;
                    }
                }
                if (!wish.alone()) throw new NoRoom();
                if (others == 0) throw tooSmall(size.needed());
                Thread.sleep(WAIT); // all that is left is being read or written
            }
        } catch (IOException e) {
            throw WriteFailure.of(part, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("interrupted while waiting for room in the cache of shards", e);
        }
    }

    /// Drops what processes that have died were writing.
    void tidy() {
        try (var _ = locks.exclusive(ROOM)) {
            for (var entry : entries()) {
                if (!entry.isWhole()) drop(entry);
            }
        } catch (IOException e) {
            throw WriteFailure.of(folder, e);
        }
    }

    private UserError tooSmall(long needed) {
        return new UserError("data.cache.limit: %,d bytes do not hold one shard, which has more than %,d when it is unpacked. Raise it (%s)"
                .formatted(limit, needed - 1, folder));
    }

    /// @return bytes of the others that are left
    private long dropFor(Path part, long wanted, Wish wish) throws IOException {
        var entries = entries();
        entries.removeIf(entry -> entry.file.equals(part));
        long others = entries.stream().mapToLong(Entry::bytes).sum();
        entries.sort(
                Comparator.<Entry, Boolean>comparing(entry -> entry.isWhole() && wish.keep.test(entry.key)).thenComparing(Entry::used));
        for (var entry : entries) {
            if (others + wanted <= limit) break;
            if (wish.spare && entry.isWhole() && wish.keep.test(entry.key)) break;
            if (drop(entry)) others -= entry.bytes;
        }
        return others;
    }

    private boolean drop(Entry entry) throws IOException {
        var held = locks.tryExclusive(entry.key);
        if (held.isEmpty()) return false;
        try (var _ = held.get()) {
            Files.deleteIfExists(entry.file);
            return true;
        }
    }

    private List<Entry> entries() throws IOException {
        var entries = new ArrayList<Entry>();
        try (var files = Files.newDirectoryStream(folder, "*{" + TAR + "," + PART + "}")) {
            for (var file : files) {
                var name = file.getFileName().toString();
                try {
                    entries.add(new Entry(file, name.substring(0, name.indexOf('.')), Files.size(file), Files.getLastModifiedTime(file)));
                } catch (NoSuchFileException _) {
                    // finished or dropped meanwhile
                }
            }
        }
        return entries;
    }

    private static void extend(FileChannel channel, long size) throws IOException {
        if (size > channel.size()) channel.write(ByteBuffer.allocate(1), size - 1);
    }
}
