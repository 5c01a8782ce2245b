package dev.fusedit.trainer.data.source;

import com.google.common.base.Throwables;
import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import com.google.common.io.ByteArrayDataOutput;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.trainer.data.shards.Shard;
import dev.fusedit.trainer.data.shards.ShardAddress;
import dev.fusedit.trainer.data.shards.ShardStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// The indexes of shards, kept between runs: a shard is read through again only if its [stamp][Shard#stamp] has changed. Where nothing can
/// be kept, each is read through each time.
///
/// @param folder made when something is kept
record TarIndexes(ShardStore store, Path folder) {
    /// Of the form, and of what an index has.
    private static final int VERSION = 2;
    /// Shards that are fetched and read through at once.
    private static final int THREADS = 4;
    private static final Duration TOLD = Duration.ofSeconds(10);

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
        var file = folder.resolve(key.substring(0, 32) + ".index");
        var index = KeptBytes.read(file, TarIndexes::index).orElseGet(() -> keep(file, made(shard)));
        return new Indexed(shard, index.damaged(shard.damage()));
    }

    private TarIndex made(Shard shard) {
        try {
            return store.reading(shard, _ -> false, TarIndex::of);
        } catch (IOException e) {
            throw new UserError("%s: cannot be read: %s".formatted(shard.address().shown(), SystemReason.of(e)), e);
        }
    }

    private static TarIndex keep(Path file, TarIndex index) {
        KeptBytes.write(file, out -> put(index, out));
        return index;
    }

    private static void put(TarIndex index, ByteArrayDataOutput out) {
        var lists = index.samples().stream().map(TarIndex.Sample::names).distinct().toList();
        var numbers = new HashMap<ImmutableList<String>, Integer>();
        out.writeInt(lists.size());
        for (var names : lists) {
            numbers.put(names, numbers.size());
            out.writeInt(names.size());
            names.forEach(name -> KeptBytes.putText(out, name));
        }
        out.writeInt(index.samples().size());
        for (var sample : index.samples()) {
            KeptBytes.putText(out, sample.key());
            out.writeInt(numbers.get(sample.names()));
            for (long place : sample.places()) out.writeLong(place);
        }
        out.writeInt(index.others());
        out.writeBoolean(index.broken() != null);
        KeptBytes.putText(out, index.broken() == null ? "" : index.broken());
    }

    private static TarIndex index(ByteBuffer in) {
        var lists = new ArrayList<ImmutableList<String>>();
        for (int left = in.getInt(); left > 0; left--) {
            var names = ImmutableList.<String>builder();
            for (int field = in.getInt(); field > 0; field--) names.add(KeptBytes.text(in));
            lists.add(names.build());
        }
        var samples = ImmutableList.<TarIndex.Sample>builder();
        for (int left = in.getInt(); left > 0; left--) samples.add(sample(in, lists));
        int others = in.getInt();
        boolean isBroken = in.get() != 0;
        var broken = KeptBytes.text(in);
        return new TarIndex(samples.build(), others, isBroken ? broken : null);
    }

    private static TarIndex.Sample sample(ByteBuffer in, List<ImmutableList<String>> lists) {
        var key = KeptBytes.text(in);
        var names = lists.get(in.getInt());
        var places = new long[2 * names.size()];
        for (int i = 0; i < places.length; i++) places[i] = in.getLong();
        return new TarIndex.Sample(key, names, places);
    }
}
