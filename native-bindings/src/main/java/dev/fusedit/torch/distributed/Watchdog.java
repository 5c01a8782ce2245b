package dev.fusedit.torch.distributed;

import dev.fusedit.torch.javacpp.C10dFailure;
import dev.fusedit.torch.javacpp.C10dStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Sees to it that no process of a job hangs unseen. Whoever has waited for the others in vain raises an alarm in the table that all share.
/// A thread of its own in each process looks for it, over a connection of its own: it says what the process's threads do, and ends a
/// process that does not end by itself soon.
///
/// It also ends a process that goes on, or hangs, where rank 0 and its table are gone.
final class Watchdog implements AutoCloseable {
    /// How often it looks.
    private static final Duration LOOK = Duration.ofSeconds(1);
    /// In which all are to say what they do.
    private static final Duration ANSWER = Duration.ofSeconds(5);
    /// In which a process may end by itself, as those do that wait for others.
    private static final Duration ENDING = Duration.ofSeconds(15);
    private static final String ALARM = "alarm";
    private static final String WAITS = "waits";

    private final Rendezvous own;
    private final C10dStore table;
    private final String thread = Thread.currentThread().getName();
    private final Consumer<String> log;
    private final Runnable end;
    private volatile boolean waiting;
    private volatile boolean closed;

    /// @param table that is this object's alone, from then on
    /// @param log told what threads do
    /// @param end ends this process
    Watchdog(Rendezvous own, C10dStore table, Consumer<String> log, Runnable end) {
        this.own = own;
        this.table = table;
        this.log = log;
        this.end = end;
        Thread.ofPlatform().daemon().name("watchdog").start(this::watch);
    }

    /// Whether the thread that runs torch waits for others now.
    void waits(boolean now) { waiting = now; }

    private void watch() {
        try (table) {
            while (!closed) {
                sleep(LOOK);
                if (!closed && table.has(ALARM)) {
                    log.accept("Rank %d %s. %s. Its threads:%n%s".formatted(own.rank(),
                            waiting ? "waits for the others" : "does not take part", table.get(ALARM), ThreadStacks.text(thread)));
                    table.set(said(own.rank()), waiting ? WAITS : "works");
                    endUnlessClosed("Rank %d is ended, since the job hangs".formatted(own.rank()));
                }
            }
        } catch (C10dFailure e) {
            endUnlessClosed("Rank %d is ended: rank 0 is gone (c10d: %s)".formatted(own.rank(), e.getMessage()));
        }
    }

    private void endUnlessClosed(String why) {
        for (var waited = Duration.ZERO; !closed && waited.compareTo(ENDING) < 0; waited = waited.plus(LOOK)) sleep(LOOK);
        if (closed) return;
        log.accept(why);
        end.run();
    }

    /// Has all processes say what they do.
    ///
    /// @param store the caller's
    /// @param why in a sentence without its end
    /// @return which of them hang, as far as can be told
    String raise(C10dStore store, String why) {
        try {
            store.set(ALARM, why);
            var working = new ArrayList<Integer>();
            var missing = IntStream.range(0, own.size()).boxed().collect(Collectors.toCollection(ArrayList::new));
            for (var waited = Duration.ZERO; !missing.isEmpty() && waited.compareTo(ANSWER) < 0; waited = waited.plus(LOOK)) {
                sleep(LOOK);
                missing.removeIf(rank -> {
                    if (!store.has(said(rank))) return false;
                    if (!store.get(said(rank)).equals(WAITS)) working.add(rank);
                    return true;
                });
            }
            return ranks(working, "does not take part: see its threads") + ranks(missing, "does not answer at all");
        } catch (C10dFailure e) {
            return ". Rank 0 is gone (c10d: %s)".formatted(e.getMessage());
        }
    }

    private static String ranks(Iterable<Integer> ranks, String what) {
        var text = new StringBuilder();
        ranks.forEach(rank -> text.append(". Rank %d %s".formatted(rank, what)));
        return text.toString();
    }

    private static String said(int rank) { return "threads-of-" + rank; }

    private static void sleep(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// This process ends by itself.
    @Override
    public void close() { closed = true; }
}
