package dev.fusedit.fusion.pipeline;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.DirectorySync;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/// A folder that appears whole or not at all.
public final class NewFolder {
    private NewFolder() {}

    @FunctionalInterface
    public interface Content {
        void writeTo(Path folder) throws IOException;
    }

    /// Writes beside the place, then renames.
    ///
    /// @throws UserError if the place holds something already
    public static void write(Path folder, Content content) throws IOException {
        requireFree(folder);
        var parent = Files.createDirectories(folder.toAbsolutePath().normalize().getParent());
        var unfinished = Files.createTempDirectory(parent, "." + folder.getFileName() + ".unfinished-");
        try {
            var inside = Files.createDirectory(unfinished.resolve(folder.getFileName())); // with usual permissions, unlike its parent
            content.writeTo(inside);
            force(inside);
            Files.move(inside, folder, StandardCopyOption.ATOMIC_MOVE);
            force(parent, 0);
            delete(unfinished, null);
        } catch (IOException | RuntimeException e) {
            delete(unfinished, e);
            throw e;
        }
    }

    /// Only what is on the disk may get its name: a loss of power leaves no empty files.
    private static void force(Path folder) throws IOException { force(folder, Integer.MAX_VALUE); }

    private static void force(Path folder, int depth) throws IOException {
        try (var inside = Files.walk(folder, depth)) {
            for (var path : inside.sorted(Comparator.reverseOrder()).toList()) {
                if (Files.isDirectory(path)) {
                    DirectorySync.force(path);
                    continue;
                }
                try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
                    channel.force(true);
                }
            }
        }
    }

    static void requireFree(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw new UserError("%s is a file. Give another folder".formatted(folder));
        }
        try (var inside = Files.list(folder)) {
            if (inside.findAny().isPresent()) {
                throw new UserError("%s is not empty. Give another folder, or empty this one".formatted(folder));
            }
        } catch (IOException e) {
            throw new UserError("%s cannot be listed (%s). Give another folder".formatted(folder, e.getMessage()), e);
        }
    }

    private static void delete(Path folder, @Nullable Exception cause) throws IOException {
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            if (cause == null) {
                throw e;
            }
            cause.addSuppressed(e);
        }
    }
}
