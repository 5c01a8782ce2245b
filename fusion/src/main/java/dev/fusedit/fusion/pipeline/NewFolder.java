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

/// A folder that appears whole or not at all. An empty folder that is there already (the present one, `.`, or what a link leads to) is filled; what
/// tells that it is whole comes last.
public final class NewFolder {
    private NewFolder() {}

    @FunctionalInterface
    public interface Content {
        void writeTo(Path folder) throws IOException;
    }

    /// As the other one, of parts that all count alike.
    public static void write(Path folder, Content content) throws IOException { write(folder, "", content); }

    /// Writes beside the place, or in it if it is there, then renames.
    ///
    /// @param last what is moved after all else into a folder that is there
    /// @throws UserError if the place holds something already
    public static void write(Path folder, String last, Content content) throws IOException {
        requireFree(folder);
        boolean isThere = Files.isDirectory(folder);
        var place = isThere ? folder.toRealPath() : folder.toAbsolutePath().normalize();
        var parent = isThere ? place : Files.createDirectories(place.getParent());
        var unfinished = Files.createTempDirectory(parent, "." + place.getFileName() + ".unfinished-");
        try {
            var inside = Files.createDirectory(unfinished.resolve("whole")); // with usual permissions, unlike its parent
            content.writeTo(inside);
            force(inside);
            if (isThere) {
                fill(place, inside, last);
            } else {
                Files.move(inside, place, StandardCopyOption.ATOMIC_MOVE);
            }
            force(parent, 0);
            delete(unfinished, null);
        } catch (IOException | RuntimeException e) {
            delete(unfinished, e);
            throw e;
        }
    }

    private static void fill(Path folder, Path inside, String last) throws IOException {
        try (var parts = Files.list(inside)) {
            for (var part : parts.sorted(Comparator.comparing(part -> part.endsWith(last))).toList()) {
                Files.move(part, folder.resolve(part.getFileName()), StandardCopyOption.ATOMIC_MOVE);
            }
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
        if (Files.isSymbolicLink(folder) && !Files.exists(folder)) {
            throw new UserError("%s is a link to what is not there. Give another folder, or make that one".formatted(folder));
        }
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
