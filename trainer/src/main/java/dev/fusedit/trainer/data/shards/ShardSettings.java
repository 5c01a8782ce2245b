package dev.fusedit.trainer.data.shards;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.trainer.data.UserCache;
import java.nio.file.Path;
import java.util.function.Consumer;

/// How shards are come by.
///
/// @param folder of the cache; made when something is kept
/// @param limit bytes that unpacked shards in it take at most
/// @param patience with servers
/// @param pipes whether commands may be run
/// @param told of waits and of how far it is, in sentences
public record ShardSettings(Path folder, long limit, HttpPatience patience, Pipes pipes, Consumer<String> told) {
    /// 20 GiB.
    public static final long USUAL_LIMIT = 20L << 30;

    public ShardSettings {
        checkArgument(limit > 0, "a cache of %s bytes", limit);
    }

    /// Whether `pipe:COMMAND` is run. A recipe may come from anywhere, so the person at the keyboard says it.
    public enum Pipes {
        REFUSED, ALLOWED
    }

    /// In the user's cache, `~/.cache/fusedit/shards`.
    public static ShardSettings ofUser(Pipes pipes, Consumer<String> told) {
        return new ShardSettings(UserCache.folder("shards"), USUAL_LIMIT, HttpPatience.USUAL, pipes, told);
    }
}
