package dev.fusedit.trainer.serve;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Images that wait for the maker, in the order in which they were asked for. Any thread may add, one takes.
final class ImageQueue {
    private static final Duration LEAST_WAIT = Duration.ofSeconds(1);
    private static final Duration MOST_WAIT = Duration.ofMinutes(10);
    /// Of the newest batch in what is expected of the next.
    private static final double NEW = 0.3;

    private final int capacity;
    private final Deque<Place> waiting = new ArrayDeque<>();
    private int making;
    private boolean draining;
    private double secondsEach;

    /// One image of a job.
    record Place(ImageJob job, int image) {}

    /// @param capacity images that wait at most
    ImageQueue(int capacity) { this.capacity = capacity; }

    /// All images of a job, or none.
    ///
    /// @return images that are made before its first
    /// @throws Refusal if there is no room for them, or no more are taken
    synchronized int add(ImageJob job) {
        if (draining) throw Refusal.draining(LEAST_WAIT);
        if (job.images() > capacity) {
            throw Refusal.of(400, "%d images are more than may wait at once, %d".formatted(job.images(), capacity));
        }
        waiting.removeIf(place -> place.job().isAbandoned());
        if (waiting.size() + job.images() > capacity) throw Refusal.full(waiting.size(), untilFree(job.images()));
        int before = waiting.size() + making;
        for (int image = 0; image < job.images(); image++) waiting.add(new Place(job, image));
        notifyAll();
        return before;
    }

    private Duration untilFree(int images) {
        var expected = Duration.ofMillis((long) (1000 * secondsEach * (waiting.size() + making + images - capacity)));
        return expected.compareTo(LEAST_WAIT) < 0 ? LEAST_WAIT : expected.compareTo(MOST_WAIT) > 0 ? MOST_WAIT : expected;
    }

    /// Waits for images. What comes first is made first, and with it those behind that are made in the same way.
    ///
    /// @param most images at once
    /// @return none when no more are taken and none wait
    synchronized List<Place> next(int most) throws InterruptedException {
        making = 0;
        while (true) {
            waiting.removeIf(place -> place.job().isAbandoned());
            if (!waiting.isEmpty()) break;
            if (draining) return List.of();
            wait();
        }
        var way = waiting.getFirst().job().way();
        var batch = new ArrayList<Place>();
        for (var places = waiting.iterator(); places.hasNext() && batch.size() < most;) {
            var place = places.next();
            if (!place.job().way().equals(way)) continue;
            batch.add(place);
            places.remove();
        }
        making = batch.size();
        return batch;
    }

    /// Takes the time of a batch for what is expected.
    synchronized void took(int images, double seconds) {
        secondsEach = secondsEach == 0 ? seconds / images : (1 - NEW) * secondsEach + NEW * seconds / images;
    }

    /// Takes no more; what waits is made.
    synchronized void drain() {
        draining = true;
        notifyAll();
    }

    synchronized boolean isDraining() { return draining; }

    synchronized int waiting() { return waiting.size(); }

    synchronized int making() { return making; }
}
