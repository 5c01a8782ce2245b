package dev.fusedit.trainer.data.fetch;

import java.time.Duration;
import java.util.concurrent.Semaphore;

/// One host's turn: so many requests at once, so far apart as it asks for. Threads wait here holding nothing else.
final class HostGate {
    private final Semaphore free;
    private long next = System.nanoTime();

    HostGate(int atOnce) { free = new Semaphore(atOnce, true); }

    /// Waits for a place, and until the host may be asked.
    ///
    /// @param apart between beginnings
    void enter(Duration apart) throws InterruptedException {
        free.acquire();
        try {
            Thread.sleep(Duration.ofNanos(Math.max(0, turn(apart) - System.nanoTime())));
        } catch (InterruptedException e) {
            free.release();
            throw e;
        }
    }

    private synchronized long turn(Duration apart) {
        long mine = Math.max(next, System.nanoTime());
        next = mine + apart.toNanos();
        return mine;
    }

    void leave() { free.release(); }

    /// Nobody asks for this long.
    synchronized void pause(Duration wait) { next = Math.max(next, System.nanoTime() + wait.toNanos()); }
}
