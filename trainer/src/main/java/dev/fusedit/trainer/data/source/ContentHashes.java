package dev.fusedit.trainer.data.source;

import com.google.common.hash.Hashing;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// SHA-256 of every image file's bytes. They are kept between runs, as scans are: as long as no name, size or date of a source has changed,
/// its images are not read again for it.
public final class ContentHashes {
    private static final Logger LOG = LoggerFactory.getLogger(ContentHashes.class);

    private ContentHashes() {}

    /// In the user's cache.
    ///
    /// @param threads that read
    public static List<String> of(ImageSource source, int threads) { return of(source, ScanCache.folderOfUser(), threads); }

    /// @param folder where hashes are kept
    /// @param threads that read
    /// @return hexadecimal, in lower case; "" for an image that cannot be read
    static List<String> of(ImageSource source, Path folder, int threads) {
        var file = folder.resolve(source.stamp().substring(0, 32) + ".sha256");
        try {
            if (Files.isRegularFile(file)) {
                var kept = Files.readAllLines(file);
                if (kept.size() == source.size()) return kept;
            }
        } catch (IOException e) { // they are counted anew
            LOG.debug("{} is not used: {}", file, e.getMessage());
        }
        var hashes = computed(source, threads);
        try {
            Files.createDirectories(folder);
            WholeFile.write(file, String.join("\n", hashes) + "\n");
        } catch (IOException e) {
            LOG.debug("{} is not kept: {}", file, e.getMessage());
        }
        return hashes;
    }

    private static List<String> computed(ImageSource source, int threads) {
        try (var pool = new ForkJoinPool(threads)) {
            return pool.submit(() -> IntStream.range(0, source.size()).parallel().mapToObj(index -> hash(source, index)).toList()).get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("interrupted while the images were read", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private static String hash(ImageSource source, int index) {
        try {
            return Hashing.sha256().hashBytes(source.image(index)).toString();
        } catch (BadSample _) {
            return "";
        }
    }
}
