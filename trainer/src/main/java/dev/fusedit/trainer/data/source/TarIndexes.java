package dev.fusedit.trainer.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.base.Throwables;
import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.trainer.data.shards.Shard;
import dev.fusedit.trainer.data.shards.ShardAddress;
import dev.fusedit.trainer.data.shards.ShardStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The indexes of shards, kept between runs: a shard is read through again only if its [stamp][Shard#stamp] has changed. Where nothing can
/// be kept, each is read through each time.
///
/// @param folder made when something is kept
record TarIndexes(ShardStore store, Path folder) {
    /// Of the form, and of what an index has.
    private static final int VERSION = 1;
    /// Shards that are fetched and read through at once.
    private static final int THREADS = 4;
    private static final Duration TOLD = Duration.ofSeconds(10);
    private static final Logger LOG = LoggerFactory.getLogger(TarIndexes.class);

    /// A shard and where its samples lie.
    record Indexed(Shard shard, TarIndex index) {}

    /// In the order of the addresses, several at once.
    ///
    /// @throws UserError for one that is not there or cannot be fetched
    List<Indexed> of(List<ShardAddress> addresses) {
        var pool =
                Executors.newFixedThreadPool(Math.min(THREADS, addresses.size()), Thread.ofPlatform().daemon().name("index-", 0).factory());
        try {
            var coming = new ArrayList<Future<Indexed>>();
            for (var address : addresses) coming.add(pool.submit(() -> of(address)));
            var all = new ArrayList<Indexed>();
            long told = System.nanoTime();
            for (var each : coming) {
                all.add(each.get());
                if (System.nanoTime() - told < TOLD.toNanos()) continue;
                told = System.nanoTime();
                store.settings().told().accept("%,d of %,d shards have been looked through".formatted(all.size(), addresses.size()));
            }
            return all;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("interrupted while the shards were looked through", e);
        } catch (ExecutionException e) {
            Throwables.throwIfUnchecked(e.getCause());
            throw new IllegalStateException(e.getCause());
        } finally {
            end(pool);
        }
    }

    /// What the threads have begun to write, they take away.
    private static void end(ExecutorService pool) {
        pool.shutdownNow();
        try {
            pool.awaitTermination(2, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private Indexed of(ShardAddress address) {
        var shard = store.find(address);
        var key = Hashing.sha256().hashString(VERSION + "\0" + shard.stamp(), StandardCharsets.UTF_8).toString();
        var file = folder.resolve(key.substring(0, 32) + ".jsonl");
        var index = kept(file).orElseGet(() -> keep(file, made(shard)));
        return new Indexed(shard, index.damaged(shard.damage()));
    }

    private TarIndex made(Shard shard) {
        try {
            return store.reading(shard, _ -> false, TarIndex::of);
        } catch (IOException e) {
            throw new UserError("%s: cannot be read: %s".formatted(shard.address().shown(), SystemReason.of(e)), e);
        }
    }

    /// The last line is that of the whole shard, so that a file without it is no index.
    private TarIndex keep(Path file, TarIndex index) {
        var lines = new StringBuilder();
        for (var sample : index.samples()) {
            var fields = JsonNodeFactory.instance.objectNode();
            sample.fields().forEach((name, place) -> fields.putArray(name).add(place.begin()).add(place.bytes()));
            lines.append(JsonNodeFactory.instance.objectNode().put("key", sample.key()).set("fields", fields).toString()).append('\n');
        }
        lines.append(JsonNodeFactory.instance.objectNode().put("samples", index.samples().size()).put("others", index.others())
                .put("broken", index.broken())).append('\n');
        try {
            Files.createDirectories(folder);
            WholeFile.write(file, lines.toString());
        } catch (IOException e) {
            LOG.debug("{} is not kept: {}", file, e.getMessage());
        }
        return index;
    }

    private static Optional<TarIndex> kept(Path file) {
        if (!Files.isRegularFile(file)) return Optional.empty();
        var samples = new ArrayList<TarIndex.Sample>();
        try {
            int line = 0;
            for (var text : Files.readAllLines(file)) {
                var json = JsonFile.line(text, file, ++line, "Delete the file");
                if (!json.has("samples")) samples.add(sample(json));
                else if (json.path("samples").asInt() == samples.size())
                    return Optional
                            .of(new TarIndex(ImmutableList.copyOf(samples), json.path("others").asInt(), json.path("broken").textValue()));
            }
        } catch (IOException | UserError | IllegalArgumentException e) { // cut short or changed: it is made anew
            LOG.debug("{} is not used: {}", file, e.getMessage());
        }
        return Optional.empty();
    }

    private static TarIndex.Sample sample(JsonNode json) {
        var fields = new LinkedHashMap<String, TarIndex.Place>();
        json.path("fields").properties().forEach(field -> fields.put(field.getKey(), place(field.getValue())));
        if (!json.path("key").isTextual() || fields.isEmpty()) throw new IllegalArgumentException("no sample: " + json);
        return new TarIndex.Sample(json.path("key").textValue(), fields);
    }

    private static TarIndex.Place place(JsonNode json) {
        if (!json.path(0).isIntegralNumber() || !json.path(1).isIntegralNumber()) throw new IllegalArgumentException("no place: " + json);
        return new TarIndex.Place(json.path(0).longValue(), json.path(1).longValue());
    }
}
