package dev.fusedit.trainer.checkpoint;

import com.google.common.util.concurrent.Uninterruptibles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// Files of a checkpoint that are on the disk already: several processes have written one each, into a folder beside the checkpoint to be,
/// on a file system that all of them see.
///
/// The folder has a name that was never there before ([Checkpoints#beginParts]), so that a process that sees it sees this one. Its plan names
/// the files, by which what a killed run leaves is known as ours.
///
/// @param folder in which they are
public record Parts(Path folder, List<Part> files) {
    static final Parts NONE = new Parts(Path.of(""), List.of());

    private static final Duration LOOK = Duration.ofMillis(100);
    /// On a network's file system another machine may see it later.
    private static final Duration LATE = Duration.ofSeconds(10);

    /// A file, forced to the disk.
    ///
    /// @param crc32c in eight hex digits
    public record Part(String name, long bytes, String crc32c) {
        Manifest.Entry entry() { return new Manifest.Entry(name, bytes, crc32c); }
    }

    public Parts {
        files = List.copyOf(files);
    }

    List<String> names() { return files.stream().map(Part::name).toList(); }

    /// Whether this process sees the folder that another one has made. It is waited for.
    public static boolean isSeen(Path folder) {
        long end = System.nanoTime() + LATE.toNanos();
        while (!Files.isRegularFile(folder.resolve(Manifest.PLAN))) {
            if (System.nanoTime() > end) return false;
            Uninterruptibles.sleepUninterruptibly(LOOK);
        }
        return true;
    }

    /// Writes one of the files that the folder's plan names.
    public static Part write(Path folder, String name, Content content) throws IOException {
        var written = Disk.REAL.write(folder.resolve(name), content);
        return new Part(name, written.bytes(), written.crc32c());
    }
}
