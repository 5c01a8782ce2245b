package dev.fusedit.trainer.data;

import static com.google.common.base.Preconditions.checkState;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongFunction;

/// Makes batches ahead on a loader thread. A batch is a function of its step, so how far ahead it was made changes nothing. Loader threads
/// deliver bytes and arrays, never tensors.
public final class Prefetch<T> implements AutoCloseable {
    private static final int AHEAD = 3;

    private final LongFunction<T> source;
    private final ExecutorService loader =
            Executors.newSingleThreadExecutor(task -> Thread.ofPlatform().daemon().name("loader").unstarted(task));
    private final Deque<Future<T>> coming = new ArrayDeque<>();
    private long next;
    private final long end;

    /// Batches for the steps from `first` (included) to `end` (not).
    public Prefetch(long first, long end, LongFunction<T> source) {
        this.source = source;
        this.next = first;
        this.end = end;
        fill();
    }

    /// The batch of the next step.
    public T next() {
        checkState(!coming.isEmpty(), "no batch is left");
        var batch = coming.removeFirst();
        fill();
        try {
            return batch.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for a batch", e);
        }
    }

    private void fill() {
        while (coming.size() < AHEAD && next < end) {
            var step = next++;
            coming.addLast(loader.submit(() -> source.apply(step)));
        }
    }

    @Override
    public void close() { loader.shutdownNow(); }
}
