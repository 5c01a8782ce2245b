package dev.fusedit.torch.distributed;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.javacpp.C10dFailure;
import dev.fusedit.torch.javacpp.C10dStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// The table by which the processes of a job find each other, and where it is: rank 0's, or that of torchrun's agent.
///
/// An agent of another version may not answer as this libtorch asks. It is given [#agentsTime]; then rank 0 holds a table of its own at one
/// of the next ports, and the others look for it at all of these.
///
/// @param store the caller's
/// @param place where others, and other connections of this process, reach the same table
record Meeting(C10dStore store, Rendezvous place) {
    /// Ports behind the agent's.
    private static final int BESIDE = 3;
    private static final Duration LOOK = Duration.ofMillis(50);
    private static final String HELD = "held", ASKED = "asked-by-";

    /// @param log told if the agent does not answer
    /// @throws UserError if there is no table
    static Meeting find(Rendezvous own, Duration patience, Consumer<String> log) {
        if (!own.ofAgent()) return new Meeting(ofRankZero(own, patience), own);
        try {
            return new Meeting(answering(() -> asked(own, agentsTime(patience)), agentsTime(patience)), own);
        } catch (C10dFailure | TimeoutException e) {
            var why = e instanceof C10dFailure ? "c10d: " + e.getMessage()
                    : "no answer within %d s".formatted(agentsTime(patience).toSeconds());
            return beside(own, patience, why, log);
        }
    }

    /// It was there before this process.
    private static Duration agentsTime(Duration patience) {
        return Duration.ofSeconds(Math.clamp(patience.toSeconds() / 4, 1, 30));
    }

    static String prefix(Rendezvous own) { return "fusedit/" + own.start(); }

    private static C10dStore ofRankZero(Rendezvous own, Duration patience) {
        try {
            return opened(own, patience);
        } catch (C10dFailure e) {
            throw new UserError(own.holdsTable()
                    ? "Rank 0 cannot listen at %s (MASTER_ADDR, MASTER_PORT): the port is in use, or the address is another machine's. Choose another port (c10d: %s)"
                            .formatted(own.place(), e.getMessage())
                    : "Rank %d finds nobody at %s (MASTER_ADDR, MASTER_PORT) within %d s: rank 0 has not started, has ended already, or is elsewhere (c10d: %s)"
                            .formatted(own.rank(), own.place(), patience.toSeconds(), e.getMessage()),
                    e);
        }
    }

    private static C10dStore opened(Rendezvous place, Duration patience) {
        return C10dStore.open(place.host(), place.port(), place.holdsTable(), prefix(place), patience);
    }

    /// Of which a word that was written comes back.
    private static C10dStore asked(Rendezvous own, Duration patience) {
        var store = opened(own, patience);
        try {
            store.set(ASKED + own.rank(), "yes");
            store.get(ASKED + own.rank());
            return store;
        } catch (C10dFailure e) {
            store.close();
            throw e;
        }
    }

    private static Meeting beside(Rendezvous own, Duration patience, String why, Consumer<String> log) {
        var agent = "torchrun's agent at %s does not answer as this libtorch asks (%s)".formatted(own.place(), why);
        var places = IntStream.rangeClosed(1, BESIDE).mapToObj(own::beside).toList();
        if (own.rank() == 0) {
            var held = heldAtOneOf(places, patience, agent);
            log.accept("%s: the processes meet at %s in its place".formatted(agent, held.place.place()));
            return held;
        }
        return foundAtOneOf(places, patience, agent);
    }

    private static Meeting heldAtOneOf(List<Rendezvous> places, Duration patience, String agent) {
        for (var place : places) {
            try {
                var store = opened(place, patience);
                store.set(HELD, "yes");
                return new Meeting(store, place);
            } catch (C10dFailure _) {
                // in use: the next one
            }
        }
        throw new UserError(
                "%s, and rank 0 cannot listen at the ports %s: start by a torchrun of another version of PyTorch, or by './fusedit launch'"
                        .formatted(agent, ports(places)));
    }

    /// What else listens at one of these ports does not hold this job's table: it is asked beside the others, and may be silent.
    private static Meeting foundAtOneOf(List<Rendezvous> places, Duration patience, String agent) {
        long end = System.nanoTime() + patience.toNanos();
        var found = new CompletableFuture<Meeting>();
        places.forEach(
                place -> Thread.ofPlatform().daemon().name("meeting at " + place.port()).start(() -> look(place, patience, end, found)));
        try {
            return found.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            found.cancel(false);
            throw new UserError(
                    "%s, and rank %d finds no table of rank 0 at the ports %s of %s within %d s: rank 0 met the others elsewhere, or has ended"
                            .formatted(agent, places.getFirst().rank(), ports(places), places.getFirst().host(), patience.toSeconds()),
                    e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void look(Rendezvous place, Duration patience, long end, CompletableFuture<Meeting> found) {
        try {
            var store = opened(place, patience);
            while (!found.isDone() && System.nanoTime() < end && !store.has(HELD)) Thread.sleep(LOOK);
            if (found.isDone() || !store.has(HELD) || !found.complete(new Meeting(store, place))) store.close();
        } catch (C10dFailure _) {
            // another one's port, or nobody's
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static String ports(List<Rendezvous> places) {
        return "%d to %d".formatted(places.stream().mapToInt(Rendezvous::port).min().orElseThrow(),
                places.stream().mapToInt(Rendezvous::port).max().orElseThrow());
    }

    /// Asked by a thread of its own: for somebody who listens and says nothing c10d waits beyond its patience.
    private static C10dStore answering(Supplier<C10dStore> asking, Duration patience) throws TimeoutException {
        var answer = new CompletableFuture<C10dStore>();
        Thread.ofPlatform().daemon().name("asks the agent").start(() -> {
            try {
                var store = asking.get();
                if (!answer.complete(store)) store.close();
            } catch (RuntimeException | Error e) {
                answer.completeExceptionally(e);
            }
        });
        try {
            return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            if (answer.cancel(false)) throw e;
            return answer.join();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException said) throw said;
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    static IllegalStateException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new IllegalStateException("interrupted while other processes were waited for", cause);
    }
}
