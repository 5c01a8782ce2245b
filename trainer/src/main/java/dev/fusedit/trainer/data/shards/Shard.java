package dev.fusedit.trainer.data.shards;

import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.SystemReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A tar archive that is known to be one. [ShardStore] reads it.
public sealed interface Shard {
    int HEAD = 1 << 16;

    /// A plain file of this machine, read where it lies.
    ///
    /// @param stamp see [Shard#stamp]
    record Plain(ShardAddress address, Path file, String stamp) implements Shard {}

    /// One that a copy is made of, now and whenever it is read and the copy is not there.
    ///
    /// @param key of it in the cache
    record Fetched(ShardAddress address, String key, ShardFacts facts) implements Shard {}

    ShardAddress address();

    /// By which a change is noticed: name, size, date and head of a plain file, else the hash of the whole content.
    default String stamp() {
        return switch (this) {
            case Plain plain -> plain.stamp;
            case Fetched fetched -> "sha256:" + fetched.facts.sha256();
        };
    }

    /// Bytes that a copy takes; 0 where none is made.
    default long copy() {
        return switch (this) {
            case Plain _ -> 0;
            case Fetched fetched -> fetched.facts.bytes();
        };
    }

    /// What is wrong with what it is packed in; empty for nothing.
    default String damage() {
        return switch (this) {
            case Plain _ -> "";
            case Fetched fetched -> fetched.facts.damage();
        };
    }

    /// Name, size and date of a file, and what its head is like.
    static String stamp(Path file) {
        try (var in = Files.newInputStream(file)) {
            return file.toAbsolutePath() + " " + Files.size(file) + " " + Files.getLastModifiedTime(file).toMillis() + " "
                    + Hashing.sha256().hashBytes(in.readNBytes(HEAD));
        } catch (IOException e) {
            throw new UserError("%s: cannot be read: %s".formatted(file, SystemReason.of(e)), e);
        }
    }
}
