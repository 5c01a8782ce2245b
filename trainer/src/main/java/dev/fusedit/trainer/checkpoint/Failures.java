package dev.fusedit.trainer.checkpoint;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.SystemReason;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;

/// What an `IOException` means to a person, and what can be done about it.
public final class Failures {
    private Failures() {}

    static UserError saving(Path folder, IOException e) {
        return new UserError("checkpoint " + folder + " cannot be saved: " + causeAndRemedy(e) + ". Checkpoints saved earlier are whole",
                e);
    }

    public static String causeAndRemedy(IOException e) {
        String text = String.valueOf(e.getMessage());
        if (text.contains("No space left")) return "the disk is full. Free some space, or give another folder";
        if (text.contains("quota exceeded")) return "the disk quota is used up. Free some space, or give another folder";
        if (text.contains("Read-only file system") || e.getCause() instanceof ReadOnlyFileSystemException)
            return "the file system is read-only. Give another folder";
        return switch (e) {
            case AccessDeniedException denied ->
                    denied.getFile() + " may not be written to. Change its permissions, or give another folder";
            case FileAlreadyExistsException there -> there.getFile() + " is in the way. Move it, or give another folder";
            case DirectoryNotEmptyException there -> there.getFile() + " is in the way. Move it, or give another folder";
            case NotDirectoryException file -> file.getFile() + " is a file. Move it, or give another folder";
            default -> SystemReason.of(e) + ". Give another folder, or mend that";
        };
    }
}
