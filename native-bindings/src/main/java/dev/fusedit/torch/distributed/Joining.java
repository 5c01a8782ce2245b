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

    /// All were there: whoever comes now has been started anew by itself.
    private static final String BEGUN = "begun";

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
        var meeting = Meeting.find(own, settings.joining(), log);
        var place = meeting.place();
        var store = meeting.store();
        try {
            new Joining(place, build, store, settings.joining()).requireAll();
            var gloo = C10dBackend.gloo(store, place.rank(), place.size(), OwnAddress.towards(place.host(), place.port(), environment),
                    settings.answering());
            var watchdog = new Watchdog(place, watched(place, settings.joining()), log, () -> Libtorch.exitNow(PeerLost.STATUS));
            return new C10dGroup(place, store, gloo, settings, watchdog);
        } catch (C10dFailure e) {
            store.close();
            throw PeerLost.of(place.rank(), settings.joining(), e);
        } catch (RuntimeException e) {
            if (place.holdsTable()) sleep(GRACE);
            store.close();
            throw e;
        }
    }

    /// The same table over a connection of its own: one waits for the other's answers.
    private static C10dStore watched(Rendezvous place, Duration patience) {
        return C10dStore.open(place.host(), place.port(), false, Meeting.prefix(place), patience);
    }

    private void requireAll() {
        if (store.add("count-" + own.rank(), 1) > 1) {
            if (store.has(BEGUN)) throw PeerLost.begun(own.rank(), own.place());
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
        store.set(BEGUN, "yes");
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
            throw Meeting.interrupted(e);
        }
    }
}
