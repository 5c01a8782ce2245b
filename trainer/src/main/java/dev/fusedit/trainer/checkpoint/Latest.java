package dev.fusedit.trainer.checkpoint;

import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/// `latest` beside checkpoints: a link to the newest, or where the file system has no links (vfat, SMB), a file with its name. Nothing but
/// people needs it: without it the newest is found by its number.
final class Latest {
    static final String NAME = "latest";
    private static final String UNFINISHED = NAME + ".tmp";
    private static final Pattern CHECKPOINT = Pattern.compile("step-[0-9]{1,18}");
    private static final int LONGEST = 64;

    private Latest() {}

    /// Replaces what `latest` is.
    ///
    /// @param root where it and the checkpoint are
    /// @param disk that it is written to
    static void pointTo(Path root, Path checkpoint, Disk disk) throws IOException {
        var latest = root.resolve(NAME);
        var next = root.resolve(UNFINISHED);
        if (Files.isDirectory(latest, LinkOption.NOFOLLOW_LINKS)) throw new FileAlreadyExistsException(latest.toString());
        if (Files.exists(next, LinkOption.NOFOLLOW_LINKS)) disk.delete(next);
        write(next, checkpoint.getFileName(), disk);
        disk.rename(next, latest);
        disk.sync(root);
    }

    private static void write(Path file, Path name, Disk disk) throws IOException {
        try {
            disk.link(file, name);
        } catch (UnsupportedOperationException _) {
            disk.write(file, Content.of(name + "\n"));
        } catch (IOException e) {
            if (WriteFailure.isFull(e)) throw e;
            disk.write(file, Content.of(name + "\n")); // whatever is against links: if it is against files too, that is told
        }
    }

    /// The checkpoint that `latest` in a folder means; empty if there is none.
    static Optional<Path> in(Path root) {
        var latest = root.resolve(NAME);
        return Files.isDirectory(latest) ? Optional.of(latest) : read(latest);
    }

    /// The checkpoint whose name a file holds; empty if it holds something else. So a person may name the file as they would the link.
    static Optional<Path> read(Path file) {
        try {
            if (!Files.isRegularFile(file) || Files.size(file) > LONGEST) return Optional.empty();
            var name = Files.readString(file).strip();
            return CHECKPOINT.matcher(name).matches() ? Optional.of(file.resolveSibling(name)).filter(Checkpoint::is) : Optional.empty();
        } catch (IOException _) {
            return Optional.empty(); // no text, or not to be read: found by number then
        }
    }
}
