package dev.fusedit.trainer.data.source;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/// Why a file could not be read, in words.
final class Reasons {
    private Reasons() {}

    static String of(Throwable thrown) {
        return switch (thrown) {
            case NoSuchFileException _ -> "no such file";
            case AccessDeniedException _ -> "permission denied";
            case FileSystemException e when e.getReason() != null -> e.getReason();
            case OutOfMemoryError _ -> "it is too large";
            case IOException e when e.getMessage() != null -> e.getMessage();
            default -> thrown.toString();
        };
    }
}
