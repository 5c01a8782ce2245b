package dev.fusedit.trainer.data.shards;

import com.google.common.base.Suppliers;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.torch.io.FileFormat;
import dev.fusedit.torch.io.NearFiles;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/// Makes a plain local file of any shard, as long as it is read. Any thread may ask; the owner closes it.
public final class ShardStore implements AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(20);

    private final ShardSettings settings;
    private final HttpTries.Waits waits;
    private final HttpClient client;
    /// A folder that nobody needs is not made.
    private final Supplier<ShardCache> cache;

    /// Reads an archive at any place.
    @FunctionalInterface
    public interface Reading<T> {
        T of(Path tar) throws IOException;
    }

    public ShardStore(ShardSettings settings) { this(settings, Thread::sleep); }

    ShardStore(ShardSettings settings, HttpTries.Waits waits) {
        this.settings = settings;
        this.waits = waits;
        var timeout = settings.patience().timeout();
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(timeout.compareTo(CONNECT) < 0 ? timeout : CONNECT).build();
        cache = Suppliers.memoize(() -> new ShardCache(settings.folder(), settings.limit()));
    }

    /// Makes sure of a shard: it is there and an archive, or was fetched before and has not changed since; else it is fetched.
    ///
    /// @throws UserError if it is not there, is no archive, or may not be fetched
    public Shard find(ShardAddress address) {
        return switch (address) {
            case ShardAddress.Local(var file) -> local(address, file);
            case ShardAddress.Http http -> http(http);
            case ShardAddress.Piped piped -> {
                requireAllowed(piped);
                yield once(address, "pipe\0" + Path.of("").toAbsolutePath() + "\0" + piped.command());
            }
        };
    }

    private Shard local(ShardAddress address, Path file) {
        if (!Files.exists(file)) throw new UserError(file + ": no such file" + NearFiles.hint(file));
        if (Files.isDirectory(file)) throw new UserError(file + ": is a folder, not a tar archive");
        var format = FileFormat.of(file);
        return switch (format) {
            case TAR, EMPTY -> new Shard.Plain(address, file, Shard.stamp(file));
            case GZIP, ZSTD -> once(address, "file\0" + Shard.stamp(file));
            default -> throw format.insteadOf(Unpacking.WANTED, file);
        };
    }

    /// @param identity under which nothing else can come
    private Shard once(ShardAddress address, String identity) {
        var key = ShardCache.key(identity);
        var facts = cache.get().facts(key);
        return facts.isPresent() ? new Shard.Fetched(address, key, facts.get()) : fetched(address, key, Optional.empty());
    }

    private Shard http(ShardAddress.Http http) {
        var key = ShardCache.key(http.uri().toString());
        var facts = cache.get().facts(key);
        var now = facts.flatMap(known -> HttpCheck.unchanged(file(http), known));
        if (now.isEmpty()) return fetched(http, key, facts);
        var same = facts.get().with(now.get());
        if (!same.equals(facts.get())) cache.get().note(key, same);
        return new Shard.Fetched(http, key, same);
    }

    private Shard fetched(ShardAddress address, String key, Optional<ShardFacts> stale) {
        try {
            return cache.get().fetchNew(key, stale, file -> fetch(address, file), (facts, _) -> new Shard.Fetched(address, key, facts));
        } catch (IOException e) {
            throw new UserError("%s: cannot be read: %s".formatted(address.shown(), SystemReason.of(e)), e);
        }
    }

    private void requireAllowed(ShardAddress.Piped piped) {
        switch (settings.pipes()) {
            case ALLOWED -> {}
            case REFUSED ->
                    throw new UserError(("%s: a command is run only if --allow-pipe is given, since recipes may come from anywhere. "
                            + "Look at it, and give --allow-pipe").formatted(piped.shown()));
        }
    }

    private HttpFile file(ShardAddress.Http http) {
        return new HttpFile(client, http.uri(), http.shown(), settings.patience(),
                new HttpTries(http.shown(), settings.patience(), waits, settings.told()));
    }

    private ShardFacts fetch(ShardAddress address, SpacedFile into) {
        try (var fetch = opened(address)) {
            return fetch.into(into);
        }
    }

    private ShardFetch opened(ShardAddress address) {
        return switch (address) {
            case ShardAddress.Local(var file) -> {
                try {
                    yield new ShardFetch(address.shown(), Files.newInputStream(file), () -> HttpMark.NONE);
                } catch (IOException e) {
                    throw new UserError("%s: cannot be read: %s".formatted(file, SystemReason.of(e)), e);
                }
            }
            case ShardAddress.Http http -> {
                var download = new HttpDownload(file(http));
                yield new ShardFetch(address.shown(), download, download::mark);
            }
            case ShardAddress.Piped piped -> {
                requireAllowed(piped);
                yield new ShardFetch(address.shown(), new PipedCommand(piped.command()), () -> HttpMark.NONE);
            }
        };
    }

    /// Reads a shard's archive as a plain file; if there is no copy of it, it is fetched first.
    ///
    /// @param keep whose copies are rather kept, if one has to go, by their keys
    /// @throws IOException of the reading
    /// @throws UserError if it cannot be fetched any more, or has changed
    public <T> T reading(Shard shard, Predicate<String> keep, Reading<T> reading) throws IOException {
        return switch (shard) {
            case Shard.Plain plain -> reading.of(plain.file());
            case Shard.Fetched(var address, var key, var facts) -> {
                var read = cache.get().reading(key, facts, reading);
                yield read.isPresent() ? read.get() : cache.get().fetchAgain(key, facts, file -> fetch(address, file), keep, reading);
            }
        };
    }

    /// Makes a copy if there is none, and room for it without dropping one that is rather kept.
    ///
    /// @return whether it is at hand
    boolean prepare(Shard shard, Predicate<String> keep) throws IOException {
        return switch (shard) {
            case Shard.Plain _ -> true;
            case Shard.Fetched(var address, var key, var facts) ->
                    cache.get().has(key, facts) || cache.get().fetchAhead(key, facts, file -> fetch(address, file), keep);
        };
    }

    public ShardSettings settings() { return settings; }

    @Override
    public void close() { client.shutdownNow(); }
}
