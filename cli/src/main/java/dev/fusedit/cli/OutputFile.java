package dev.fusedit.cli;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A file that a command writes as a whole.
final class OutputFile {
    private OutputFile() {}

    /// @param option that names it, `--out`
    /// @throws UserError if a file is there that is not to be replaced
    static void requireFree(Path file, String option, boolean force) {
        if (Files.exists(file) && !force) throw new UserError("%s is there already. Give another %s, or --force".formatted(file, option));
    }

    /// @throws UserError if it cannot be written
    static void write(Path file, byte[] bytes) {
        try {
            // through a link, which stays one; a device or a pipe has no place to be replaced at
            if (Files.exists(file) && !Files.isRegularFile(file)) Files.write(file, bytes);
            else WholeFile.write(Files.exists(file) ? file.toRealPath() : file, bytes);
        } catch (IOException e) {
            throw WriteFailure.of(file, e);
        }
    }
}
