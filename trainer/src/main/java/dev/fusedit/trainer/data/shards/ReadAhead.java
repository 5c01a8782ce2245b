package dev.fusedit.trainer.data.shards;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Fetches shards before they are read, on threads of its own, as long as there is room beside those that will be read sooner. Time is
/// counted in samples: one that is expected now is read `within` calls later. Nothing depends on it but when a shard is at hand. Any thread
/// may call; the owner closes it.
public final class ReadAhead implements AutoCloseable {
    private static final int THREADS = 4;
    /// A shard that there was no room for is tried so often before it is read.
    private static final int TRIES = 16;
    private static final Logger LOG = LoggerFactory.getLogger(ReadAhead.class);

    private final ShardStore store;
    private final ExecutorService fetchers =
            Executors.newFixedThreadPool(THREADS, Thread.ofPlatform().daemon().name("shard-", 0).factory());
    private final Map<String, Expectation> expected = new ConcurrentHashMap<>();
    private final AtomicLong now = new AtomicLong();
    private volatile long span;

    public ReadAhead(ShardStore store) { this.store = store; }

    /// A shard of which samples are expected.
    private static final class Expectation {
        private long last = Long.MIN_VALUE / 2;
        private long tried;
        private boolean there;
        private boolean queued;

        synchronized boolean isWanted(long now, long span) { return now - last <= span; }

        synchronized void touch(long time) { last = Math.max(last, time); }

        /// @return whether it is time to fetch it
        synchronized boolean expect(long now, long span) {
            boolean anew = !isWanted(now, span);
            last = now;
            there &= !anew;
            if (there || queued || !anew && now - tried < span / TRIES) return false;
            queued = true;
            tried = now;
            return true;
        }

        synchronized void done(boolean isThere) {
            queued = false;
            there = isThere;
        }
    }

    /// A sample of a shard is going to be read.
    ///
    /// @param within as many further samples
    public void expect(Shard shard, long within) {
        span = within;
        long time = now.incrementAndGet();
        switch (shard) {
            case Shard.Plain _ -> {}
            case Shard.Fetched fetched -> {
                var expectation = expected.computeIfAbsent(fetched.key(), _ -> new Expectation());
                if (expectation.expect(time, within)) fetchers.submit(() -> prepare(fetched, expectation));
            }
        }
    }

    private void prepare(Shard.Fetched shard, Expectation expectation) {
        boolean there = false;
        try {
            there = store.prepare(shard, this::isWanted);
        } catch (IOException | UserError e) { // whoever reads it tries again, and is told
            LOG.debug("{} is not read ahead: {}", shard.address().shown(), e.getMessage());
        } finally {
            expectation.done(there);
        }
    }

    /// A sample of a shard is read. In the beginning nobody has expected it, and its neighbours follow.
    public void reading(Shard shard) {
        switch (shard) {
            case Shard.Plain _ -> {}
            case Shard.Fetched fetched -> {
                if (now.get() <= span) expected.computeIfAbsent(fetched.key(), _ -> new Expectation()).touch(0);
            }
        }
    }

    /// Whether samples of a shard are still to be read, by its key.
    public boolean isWanted(String key) {
        var expectation = expected.get(key);
        return expectation != null && expectation.isWanted(now.get(), span);
    }

    @Override
    public void close() {
        fetchers.shutdownNow();
        try {
            fetchers.awaitTermination(10, TimeUnit.SECONDS); // they are daemons: one that hangs holds nothing up
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
