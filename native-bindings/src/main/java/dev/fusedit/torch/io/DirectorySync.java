package dev.fusedit.torch.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// What was created, renamed or deleted in a directory stays so after a loss of power, as far as its file system can promise that. Some
/// (SMB, some of FUSE) refuse to force a directory; there what was written is no less whole.
public final class DirectorySync {
    private DirectorySync() {}

    @FunctionalInterface
    interface Sync {
        void of(Path directory) throws IOException;
    }

    /// @throws IOException if forcing failed, not where it is unknown
    public static void force(Path directory) throws IOException { force(directory, DirectorySync::fsync); }

    static void force(Path directory, Sync sync) throws IOException {
        try {
            sync.of(directory);
        } catch (IOException e) {
            if (!WriteFailure.isUnsupported(e)) throw e;
        }
    }

    private static void fsync(Path directory) throws IOException {
        try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
