package dev.fusedit.trainer.data.source;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Files that fuzz targets write again and again, in memory where that is possible.
final class FuzzedFiles {
    private static final Path MEMORY = Path.of("/dev/shm");

    private FuzzedFiles() {}

    /// A place for a file of this name in a folder of its own; both go when the process ends.
    static Path file(String name) {
        try {
            var folder = Files.isWritable(MEMORY) ? Files.createTempDirectory(MEMORY, "fuzzed") : Files.createTempDirectory("fuzzed");
            folder.toFile().deleteOnExit(); // in reverse order: the folder last
            var file = folder.resolve(name);
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
