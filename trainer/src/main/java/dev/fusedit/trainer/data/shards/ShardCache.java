package dev.fusedit.trainer.data.shards;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/// Unpacked shards in a folder, of a size that is never exceeded: `KEY.HASH.tar`, and `KEY.json` with what is known of it. A file has its
/// name only when it is whole ([CacheSpace] says which has to go for another); whoever reads or writes one holds its lock. Any thread of
/// any process may use the folder.
final class ShardCache {
    private static final Duration TOUCHED = Duration.ofSeconds(1);
    private static final String ALONE = "alone";

    private final Path folder;
    private final CacheLocks locks;
    private final CacheSpace space;
    private final Map<Path, Instant> touched = new ConcurrentHashMap<>();

    /// Reads an archive of which more is known now.
    @FunctionalInterface
    interface FactsReading<T> {
        T of(ShardFacts facts, Path tar) throws IOException;
    }

    /// Writes an archive.
    @FunctionalInterface
    interface Fetching {
        ShardFacts into(SpacedFile file);
    }

    /// @param limit bytes
    ShardCache(Path folder, long limit) {
        locks = CacheLocks.of(folder);
        this.folder = folder;
        space = new CacheSpace(folder, limit, locks);
        space.tidy();
    }

    static String key(String identity) { return Hashing.sha256().hashString(identity, StandardCharsets.UTF_8).toString().substring(0, 32); }

    Optional<ShardFacts> facts(String key) { return ShardFacts.read(json(key)); }

    private Path json(String key) { return folder.resolve(key + ".json"); }

    private Path tar(String key, ShardFacts facts) { return folder.resolve(key + "." + facts.sha256().substring(0, 16) + CacheSpace.TAR); }

    void note(String key, ShardFacts facts) {
        try {
            facts.write(json(key));
        } catch (IOException e) {
            throw WriteFailure.of(json(key), e);
        }
    }

    boolean has(String key, ShardFacts facts) {
        try {
            return Files.size(tar(key, facts)) == facts.bytes();
        } catch (IOException _) {
            return false;
        }
    }

    /// Reads an archive, if it is there.
    <T> Optional<T> reading(String key, ShardFacts facts, ShardStore.Reading<T> reading) throws IOException {
        try (var _ = locks.shared(key)) {
            return has(key, facts) ? Optional.of(used(key, facts, reading)) : Optional.empty();
        }
    }

    private <T> T used(String key, ShardFacts facts, ShardStore.Reading<T> reading) throws IOException {
        var tar = tar(key, facts);
        var now = Instant.now();
        var last = touched.get(tar);
        if (last == null || Duration.between(last, now).compareTo(TOUCHED) > 0) {
            touched.put(tar, now);
            Files.setLastModifiedTime(tar, FileTime.from(now));
        }
        return reading.of(tar);
    }

    /// Fetches an archive for the first time, or since it has changed, and reads it before anybody can drop it again. If another process
    /// has fetched it meanwhile, it is only read.
    ///
    /// @param stale what was fetched before and is not wanted any more
    /// @throws UserError if it does not fit
    <T> T fetchNew(String key, Optional<ShardFacts> stale, Fetching fetching, FactsReading<T> reading) throws IOException {
        return fetch(key, facts -> stale.filter(facts::equals).isEmpty(), Optional.empty(), fetching, _ -> false, reading);
    }

    /// Fetches an archive that was dropped, and reads it as [#fetchNew].
    ///
    /// @param keep keys of archives that are rather kept
    /// @throws UserError if it does not fit, or is another one now
    <T> T fetchAgain(String key, ShardFacts known, Fetching fetching, Predicate<String> keep, ShardStore.Reading<T> reading)
            throws IOException {
        return fetch(key, facts -> isSame(facts, known), Optional.of(known), fetching, keep, (_, tar) -> reading.of(tar));
    }

    /// Fetches an archive that was dropped, if there is room without dropping one that is rather kept.
    ///
    /// @return whether it is there
    boolean fetchAhead(String key, ShardFacts known, Fetching fetching, Predicate<String> keep) throws IOException {
        try {
            return fetch(key, facts -> isSame(facts, known), Optional.of(known), fetching, new CacheSpace.Wish(keep, true, false),
                    (_, _) -> true);
        } catch (CacheSpace.NoRoom _) {
            return false;
        }
    }

    private static boolean isSame(ShardFacts a, ShardFacts b) { return a.sha256().equals(b.sha256()); }

    private <T> T fetch(String key, Predicate<ShardFacts> good, Optional<ShardFacts> known, Fetching fetching, Predicate<String> keep,
            FactsReading<T> reading) throws IOException {
        try {
            return fetch(key, good, known, fetching, new CacheSpace.Wish(keep, false, false), reading);
        } catch (CacheSpace.NoRoom _) { // as long as others write too
            try (var _ = locks.exclusive(ALONE)) {
                return fetch(key, good, known, fetching, new CacheSpace.Wish(keep, false, true), reading);
            }
        }
    }

    private <T> T fetch(String key, Predicate<ShardFacts> good, Optional<ShardFacts> known, Fetching fetching, CacheSpace.Wish wish,
            FactsReading<T> reading) throws IOException {
        try (var _ = locks.exclusive(key)) {
            var there = facts(key).filter(good).filter(facts -> has(key, facts));
            var facts = there.isPresent() ? there.get() : write(key, known, fetching, wish);
            return used(key, facts, tar -> reading.of(facts, tar));
        }
    }

    private ShardFacts write(String key, Optional<ShardFacts> known, Fetching fetching, CacheSpace.Wish wish) {
        var part = folder.resolve(key + CacheSpace.PART);
        try (var channel = FileChannel.open(part, CREATE, TRUNCATE_EXISTING, WRITE)) {
            var file = new SpacedFile(part, channel, size -> space.take(part, channel, size, wish));
            known.ifPresent(facts -> file.expect(facts.bytes()));
            var facts = fetching.into(file);
            if (known.isPresent() && !isSame(known.get(), facts))
                throw new UserError("%s: is another archive than it was when this began. Begin anew, so that it is looked through again"
                        .formatted(facts.shown()));
            file.finish();
            forget(key);
            Files.move(part, tar(key, facts), StandardCopyOption.ATOMIC_MOVE);
            if (facts(key).filter(facts::equals).isEmpty()) facts.write(json(key));
            return facts;
        } catch (IOException e) {
            throw WriteFailure.of(part, e);
        } finally {
            delete(part);
        }
    }

    /// Drops what was there under a key, of another content.
    private void forget(String key) throws IOException {
        try (var files = Files.newDirectoryStream(folder, key + ".*" + CacheSpace.TAR)) {
            for (var file : files) Files.deleteIfExists(file);
        }
    }

    private static void delete(Path part) {
        try {
            Files.deleteIfExists(part);
        } catch (IOException e) {
            throw WriteFailure.of(part, e);
        }
    }
}
