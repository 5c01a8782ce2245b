package dev.fusedit.trainer.data.prepare;

import com.google.common.collect.Iterables;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.trainer.data.fetch.Fetcher;
import dev.fusedit.trainer.data.shards.Unpacking;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;

/// The archives in which the images of a shard's rows lie, open at any place. Of a packed one the part that holds them, which is in one piece, is
/// unpacked to the disk. Any thread may read. Whoever opens it closes it, and then what was unpacked is gone.
final class OpenArchives implements AutoCloseable {
    /// Images in memory.
    private static final int AT_ONCE = 16;

    private final Map<String, Window> windows;
    private final Semaphore places = new Semaphore(AT_ONCE);

    /// Where an image lies in an archive.
    ///
    /// @param begin of its bytes, unpacked
    record Place(String archive, long begin, long bytes) {
        long end() { return begin + bytes; }
    }

    /// A file, and the place in the archive at which it begins.
    private record Window(Path archive, FileChannel channel, long first) {
        byte[] read(Place place) throws IOException {
            var bytes = ByteBuffer.allocate((int) place.bytes());
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, place.begin() - first + bytes.position()) < 0) throw new IOException("it is cut short");
            }
            return bytes.array();
        }
    }

    private OpenArchives(Map<String, Window> windows) { this.windows = windows; }

    /// @param places in the order in which they lie
    /// @param work a file's name for what is unpacked, to which the archive's is added
    /// @throws UserError if an archive is not there any more
    static OpenArchives of(List<Place> places, Map<String, Path> archives, Path work) {
        var open = new OpenArchives(new HashMap<>());
        try {
            places.stream().collect(Collectors.groupingBy(Place::archive)).forEach((name, inside) -> open.windows.put(name,
                    window(archives.get(name), inside, work.resolveSibling(work.getFileName() + "-" + name))));
        } catch (RuntimeException e) {
            open.close();
            throw e;
        }
        return open;
    }

    private static Window window(Path archive, List<Place> places, Path work) {
        long first = places.getFirst().begin(), end = Iterables.getLast(places).end();
        try (var unpacked = Unpacking.of(Files.newInputStream(archive), archive.toString())) {
            if (!unpacked.packed()) return new Window(archive, FileChannel.open(archive), 0);
            var file = FileChannel.open(work, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.READ,
                    StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
            unpacked.tar().skipNBytes(first);
            copy(unpacked.tar(), end - first, file);
            return new Window(archive, file, first);
        } catch (IOException e) {
            throw unreadable(archive, e);
        }
    }

    private static void copy(InputStream from, long bytes, FileChannel to) throws IOException {
        var buffer = new byte[1 << 20];
        for (long left = bytes; left > 0;) {
            int read = from.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (read < 0) throw new IOException("it is cut short");
            for (var rest = ByteBuffer.wrap(buffer, 0, read); rest.hasRemaining();) to.write(rest);
            left -= read;
        }
    }

    private static UserError unreadable(Path archive, IOException e) {
        return new UserError("%s: cannot be read: %s. Fetch it anew".formatted(archive, SystemReason.of(e)), e);
    }

    <T> T use(Place place, Fetcher.Use<T> use) throws IOException, InterruptedException {
        places.acquire();
        try {
            return use.of(read(windows.get(place.archive()), place));
        } finally {
            places.release();
        }
    }

    private static byte[] read(Window window, Place place) {
        try {
            return window.read(place);
        } catch (IOException e) {
            throw unreadable(window.archive(), e);
        }
    }

    @Override
    public void close() {
        for (var window : windows.values()) {
            try {
                window.channel().close();
            } catch (IOException e) {
                throw unreadable(window.archive(), e);
            }
        }
    }
}
