package dev.fusedit.trainer.sampling;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.TextFile;
import java.nio.file.Path;
import java.util.List;

/// A file of prompts, one a line, read as a [TextFile].
public final class PromptFile {
    private PromptFile() {}

    /// Without blanks around them, and without empty lines.
    ///
    /// @throws UserError if the file cannot be read, is not UTF-8, or has no prompt
    public static List<String> read(Path file) {
        var lines = TextFile.lines(file, "a file of prompts").stream().map(String::strip).filter(line -> !line.isEmpty()).toList();
        if (lines.isEmpty()) throw new UserError("%s has no prompt: write one a line".formatted(file));
        return lines;
    }
}
