package dev.fusedit.trainer.data;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import com.google.common.base.Throwables;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;

/// Makes batches ahead on loader threads and hands them out in order. A batch is a function of its step, so how far ahead it was made, by
/// how many threads and in which order, changes nothing. Loader threads deliver bytes and arrays, never tensors.
///
/// There are never more than [#AHEAD] batches for each thread: who takes them slowly is not flooded. What a loader throws comes out of
/// [#next] when its batch's turn has come.
///
/// All methods belong to one thread, that of training.
public final class Prefetch<T> implements Feed<T> {
    /// Batches that are made or wait, for each thread: one in work, one ready.
    public static final int AHEAD = 2;

    private final LongFunction<T> source;
    private final int limit;
    private final ExecutorService loaders;
    private final Deque<Future<T>> coming = new ArrayDeque<>();
    private final long end;
    private long next;

    /// Batches for the steps from `first` (included) to `end` (not).
    ///
    /// @param threads that call the source, each for another step
    /// @param source must bear to be called by several threads at once
    public Prefetch(long first, long end, int threads, LongFunction<T> source) {
        checkArgument(threads > 0, "there must be at least 1 loader thread, not %s", threads);
        this.source = source;
        this.next = first;
        this.end = end;
        limit = AHEAD * threads;
        loaders = Executors.newFixedThreadPool(threads, Thread.ofPlatform().daemon().name("loader-", 0).factory());
        fill();
    }

    /// The batch of the next step.
    ///
    /// @throws RuntimeException what the source threw for it
    @Override
    public T next() {
        checkState(!coming.isEmpty(), "no batch is left");
        var batch = coming.removeFirst();
        fill();
        try {
            return batch.get();
        } catch (ExecutionException e) {
            Throwables.throwIfUnchecked(e.getCause());
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for a batch", e);
        }
    }

    @Override
    public boolean isReady() { return !coming.isEmpty() && coming.getFirst().state() == Future.State.SUCCESS; }

    private void fill() {
        while (coming.size() < limit && next < end) {
            var step = next++;
            coming.addLast(loaders.submit(() -> source.apply(step)));
        }
    }

    /// Ends the threads; batches that nobody took are lost.
    @Override
    public void close() {
        loaders.shutdownNow();
        try {
            loaders.awaitTermination(10, TimeUnit.SECONDS); // they are daemons: one that hangs holds nothing up
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
