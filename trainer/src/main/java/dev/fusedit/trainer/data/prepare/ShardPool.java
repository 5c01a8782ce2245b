package dev.fusedit.trainer.data.prepare;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Makes shards, several at once: while the slowest hosts of one are waited for, the next one is begun.
final class ShardPool {
    private ShardPool() {}

    /// Ends with the first failure.
    ///
    /// @return of how many another process is at it
    static int run(ShardJob job, List<Integer> shards, int atOnce) throws InterruptedException {
        var waiting = new ArrayDeque<>(shards);
        var running = new ArrayList<Future<Boolean>>();
        int elsewhere = 0;
        var threads = Executors.newFixedThreadPool(atOnce, Thread.ofPlatform().daemon().factory());
        try {
            var finished = new ExecutorCompletionService<Boolean>(threads);
            while (!waiting.isEmpty() || !running.isEmpty()) {
                while (running.size() < atOnce && !waiting.isEmpty()) {
                    int shard = waiting.poll();
                    running.add(finished.submit(() -> job.run(shard)));
                }
                var next = finished.take();
                running.remove(next);
                elsewhere += next.get() ? 0 : 1;
            }
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException known -> throw known;
                case Error bug -> throw bug;
                case InterruptedException stopped -> throw stopped;
                default -> throw new IllegalStateException(e.getCause());
            }
        } finally {
            threads.shutdownNow();
        }
        return elsewhere;
    }
}
