package dev.fusedit.torch.io;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.SystemReason;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.ReadOnlyFileSystemException;
import java.util.Map;
import java.util.Optional;

/// What an `IOException` of a write means to a person: the system's reason, and what can be done about it. All that is written is told by
/// this one. Stateless: any thread may ask.
public final class WriteFailure {
    private static final String ELSEWHERE = ", or give another folder";
    private static final String GONE = ". Mount the file system again" + ELSEWHERE;

    /// By the words of the system's error (`strerror`), which Java hands on in the locale C.
    private static final Map<String, String> REASONS = ImmutableMap.<String, String>builder()
            .put("No space left", "the disk is full. Free some space" + ELSEWHERE)
            .put("quota exceeded", "the disk quota is used up. Free some space" + ELSEWHERE)
            .put("Read-only file system", "the file system is read-only. Give another folder")
            .put("File too large", "a file may not grow so large there (ulimit -f, or the file system's own limit). Raise it" + ELSEWHERE)
            .put("Too many open files", "this process may open no more files (ulimit -n). Raise that")
            .put("File name too long", "the name is too long for the file system. Give a shorter one")
            .put("Input/output error", "the disk reports an error (Input/output error). Look after it" + ELSEWHERE)
            .put("Stale file handle", "the file system is gone (Stale file handle)" + GONE)
            .put("Transport endpoint is not connected", "the file system is gone (Transport endpoint is not connected)" + GONE)
            .put("Host is down", "the file system is gone (Host is down)" + GONE)
            .buildOrThrow();

    private WriteFailure() {}

    /// @param place what could not be written
    public static UserError of(Object place, IOException e) {
        return new UserError("%s cannot be written: %s".formatted(place, causeAndRemedy(e)), e);
    }

    /// `the disk is full. Free some space, or give another folder`
    public static String causeAndRemedy(IOException e) {
        return known(e).orElseGet(() -> switch (e) {
            case AccessDeniedException denied -> denied.getFile() + " may not be written to. Change its permissions" + ELSEWHERE;
            case FileAlreadyExistsException there -> there.getFile() + " is in the way. Move it" + ELSEWHERE;
            case DirectoryNotEmptyException there -> there.getFile() + " is in the way. Move it" + ELSEWHERE;
            case NotDirectoryException file -> file.getFile() + " is a file. Move it" + ELSEWHERE;
            case NoSuchFileException gone -> gone.getFile() + " is not there, or its folder is not. Make it" + ELSEWHERE;
            default -> SystemReason.of(e) + ". Mend that" + ELSEWHERE;
        });
    }

    private static Optional<String> known(IOException e) {
        if (e.getCause() instanceof ReadOnlyFileSystemException) return Optional.of(REASONS.get("Read-only file system"));
        return REASONS.entrySet().stream().filter(reason -> says(e, reason.getKey())).map(Map.Entry::getValue).findFirst();
    }

    /// Whether there is no room for anything.
    public static boolean isFull(IOException e) { return says(e, "No space left") || says(e, "quota exceeded"); }

    /// Whether the file system does not know such a thing (links, locks, forcing of directories), rather than that something is wrong.
    public static boolean isUnsupported(IOException e) {
        return says(e, "Operation not permitted") || says(e, "not supported") || says(e, "Function not implemented")
                || says(e, "Invalid argument") || says(e, "No locks available") || says(e, "Inappropriate ioctl");
    }

    private static boolean says(IOException e, String words) { return String.valueOf(e.getMessage()).contains(words); }
}
