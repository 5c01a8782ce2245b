package dev.fusedit.torch.distributed;

import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.javacpp.C10dBackend;
import dev.fusedit.torch.javacpp.C10dFailure;
import dev.fusedit.torch.javacpp.C10dStore;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// The processes of a job find each other. Each writes into a table that it is there, of how many it is and of which build, and reads what
/// the others wrote: so that a process that is missing, twice there, or of another job is told by name before anything hangs.
final class Joining {
    private static final Duration LOOK = Duration.ofMillis(50);
    /// In which the others may read why, before the table that rank 0 holds is gone with it.
    private static final Duration GRACE = Duration.ofSeconds(1);

    private final Rendezvous own;
    private final String build;
    private final C10dStore store;
    private final Duration patience;

    private Joining(Rendezvous own, String build, C10dStore store, Duration patience) {
        this.own = own;
        this.build = build;
        this.store = store;
        this.patience = patience;
    }

    static ProcessGroup join(Rendezvous own, String build, JobSettings settings, Map<String, String> environment,
            Consumer<String> log) {
        var store = store(own, settings.joining());
        try {
            new Joining(own, build, store, settings.joining()).requireAll();
            var gloo = C10dBackend.gloo(store, own.rank(), own.size(), OwnAddress.towards(own.host(), own.port(), environment),
                    settings.answering());
            var watchdog = new Watchdog(own, watched(own, settings.joining()), log, () -> Libtorch.exitNow(PeerLost.STATUS));
            return new C10dGroup(own, store, gloo, settings, watchdog);
        } catch (C10dFailure e) {
            store.close();
            throw PeerLost.of(own.rank(), settings.joining(), e);
        } catch (RuntimeException e) {
            if (own.holdsTable()) sleep(GRACE);
            store.close();
            throw e;
        }
    }

    /// The same table over a connection of its own: one waits for the other's answers.
    private static C10dStore watched(Rendezvous own, Duration patience) {
        return C10dStore.open(own.host(), own.port(), false, prefix(own), patience);
    }

    private static String prefix(Rendezvous own) { return "fusedit/" + own.start(); }

    private static C10dStore store(Rendezvous own, Duration patience) {
        try {
            return C10dStore.open(own.host(), own.port(), own.holdsTable(), prefix(own), patience);
        } catch (C10dFailure e) {
            throw new UserError(own.holdsTable()
                    ? "Rank 0 cannot listen at %s (MASTER_ADDR, MASTER_PORT): the port is in use, or the address is another machine's. Choose another port (c10d: %s)"
                            .formatted(own.place(), e.getMessage())
                    : "Rank %d finds nobody at %s (MASTER_ADDR, MASTER_PORT) within %d s: rank 0 has not started, has ended already, or is elsewhere (c10d: %s)"
                            .formatted(own.rank(), own.place(), patience.toSeconds(), e.getMessage()),
                    e);
        }
    }

    private void requireAll() {
        if (store.add("count-" + own.rank(), 1) > 1) {
            throw new UserError("Two processes at %s were started as rank %d. Give each its own RANK, from 0 to %d"
                    .formatted(own.place(), own.rank(), own.size() - 1));
        }
        store.set(key(own.rank()), own.size() + " " + build);
        var there = new TreeMap<Integer, String>();
        long end = System.nanoTime() + patience.toNanos();
        while (there.size() < own.size()) {
            IntStream.range(0, own.size()).filter(rank -> !there.containsKey(rank) && store.has(key(rank)))
                    .forEach(rank -> there.put(rank, sameJob(rank, store.get(key(rank)))));
            if (there.size() < own.size() && System.nanoTime() > end) {
                var missing = IntStream.range(0, own.size()).filter(rank -> !there.containsKey(rank)).boxed().toList();
                throw new UserError(
                        "Of %d processes that WORLD_SIZE says, these ranks did not come to %s within %d s: %s. Look at what they say, or start fewer"
                                .formatted(own.size(), own.place(), patience.toSeconds(), missing.toString().replaceAll("[\\[\\]]", "")));
            }
            if (there.size() < own.size()) sleep(LOOK);
        }
    }

    private static String key(int rank) { return "rank-" + rank; }

    private String sameJob(int rank, String said) {
        var size = said.substring(0, said.indexOf(' '));
        var other = said.substring(said.indexOf(' ') + 1);
        if (!size.equals(Integer.toString(own.size()))) {
            throw new UserError("Rank %d was started with WORLD_SIZE=%s, rank %d with WORLD_SIZE=%d. All processes of a job need the same"
                    .formatted(rank, size, own.rank(), own.size()));
        }
        if (!other.equals(build)) {
            throw new UserError("Rank %d is of another build (%s) than rank %d (%s). All processes of a job need the same"
                    .formatted(rank, other, own.rank(), build));
        }
        return other;
    }

    private static void sleep(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while other processes were waited for", e);
        }
    }
}
