package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A path as a recipe spells it. Java's empty one is the folder that the process is in, which nobody means.
final class PathText {
    private PathText() {}

    /// @param key that the message begins with
    /// @param path null where none is given
    /// @throws IllegalArgumentException if it is empty, or no path of this system
    static void check(String key, @Nullable String path) {
        if (path == null) return;
        checkArgument(!path.isBlank(), "%s must be a path, but is empty", key);
        try {
            Path.of(path);
        } catch (InvalidPathException e) {
            checkArgument(false, "%s must be a path, but is '%s' (%s)", key, path, e.getReason());
        }
    }
}
