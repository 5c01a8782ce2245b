package dev.fusedit.cli;

import dev.fusedit.torch.UserError;
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
            Files.write(file, bytes);
        } catch (IOException e) {
            throw WriteFailure.of(file, e);
        }
    }
}
