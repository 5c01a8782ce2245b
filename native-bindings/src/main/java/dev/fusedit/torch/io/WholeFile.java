package dev.fusedit.torch.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// Files that are replaced whole: whatever fails, and whenever the power goes, a reader finds the old bytes or the new ones. A full disk
/// gets the space of the unfinished file back.
public final class WholeFile {
    private static final String UNFINISHED = ".tmp";

    private WholeFile() {}

    public static void write(Path file, String text) throws IOException { write(file, text.getBytes(StandardCharsets.UTF_8)); }

    /// Every byte is on the disk when this returns.
    public static void write(Path file, byte[] bytes) throws IOException {
        var unfinished = unfinished(file);
        try {
            force(unfinished, bytes);
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            giveBack(unfinished, e);
            throw e;
        }
    }

    /// Where the bytes are until all are written: a hidden file beside it.
    public static Path unfinished(Path file) { return file.resolveSibling("." + file.getFileName() + UNFINISHED); }

    private static void force(Path file, byte[] bytes) throws IOException {
        try (var out = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            var rest = ByteBuffer.wrap(bytes);
            while (rest.hasRemaining()) out.write(rest);
            out.force(true);
        }
    }

    private static void giveBack(Path unfinished, IOException cause) {
        try {
            Files.deleteIfExists(unfinished);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }
}
