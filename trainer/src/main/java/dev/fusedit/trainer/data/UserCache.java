package dev.fusedit.trainer.data;

import java.nio.file.Path;

/// Folders of things that can be made again: in `$XDG_CACHE_HOME/fusedit`, else `~/.cache/fusedit`.
public final class UserCache {
    private UserCache() {}

    /// @param name of what is kept there
    public static Path folder(String name) {
        var given = System.getenv("XDG_CACHE_HOME");
        var base = given == null || given.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(given);
        return base.resolve("fusedit").resolve(name);
    }
}
