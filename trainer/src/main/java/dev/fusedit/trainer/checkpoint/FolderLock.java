package dev.fusedit.trainer.checkpoint;

import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps other processes out of a folder, by a lock on one of its files. It ends with the channel, or with the process, however that ends.
///
/// Some file systems (SMB, some of NFS and FUSE) know no locks. There it is said that nothing keeps a second process out, and work goes on.
public final class FolderLock {
    private static final Logger LOG = LoggerFactory.getLogger(FolderLock.class);

    private FolderLock() {}

    @FunctionalInterface
    interface Attempt {
        /// Whether it has the lock now.
        boolean take() throws IOException;
    }

    /// @param channel of the file, open for writing
    /// @return whether this process may work there; false if another one does
    public static boolean take(FileChannel channel, Path folder) throws IOException {
        return take(() -> channel.tryLock() != null, folder);
    }

    static boolean take(Attempt attempt, Path folder) throws IOException {
        try {
            return attempt.take();
        } catch (OverlappingFileLockException _) {
            return false; // held by this process
        } catch (IOException e) {
            if (!WriteFailure.isUnsupported(e)) throw e;
            LOG.warn("the file system of {} has no locks: see to it that no second process writes there", folder);
            return true;
        }
    }
}
