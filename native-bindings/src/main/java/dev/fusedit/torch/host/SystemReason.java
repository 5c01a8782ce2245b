package dev.fusedit.torch.host;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/// What the system says of a file or library that it refuses: the words of `strerror` and `dlerror`, where Java has kept them, without the names of
/// classes and without the path, which messages name themselves.
public final class SystemReason {
    private SystemReason() {}

    public static String of(IOException e) {
        return switch (e) {
            case AccessDeniedException _ -> "Permission denied";
            case NoSuchFileException _ -> "No such file or directory";
            case FileAlreadyExistsException _ -> "File exists";
            case NotDirectoryException _ -> "Not a directory";
            case FileSystemException of when of.getReason() != null -> of.getReason();
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }

    /// Without the paths that the loader puts in front, once or twice.
    public static String of(UnsatisfiedLinkError e) { return String.valueOf(e.getMessage()).replaceFirst("^(?:/.*?: )+", ""); }

    /// Why a library cannot be loaded, by trying it once more in Java's own way, which keeps what `dlerror` says.
    public static String ofLoading(Path library) {
        try {
            System.load(library.toString());
            return "it loads by System.load alone";
        } catch (UnsatisfiedLinkError e) {
            return of(e);
        }
    }
}
