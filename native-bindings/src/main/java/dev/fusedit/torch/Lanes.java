package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.base.Throwables;
import dev.fusedit.torch.internal.abi.TorchState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Data parallelism over threads: parts of a batch side by side, a thread each, instead of one after the other with every op spread over
/// all threads.
///
/// Spread, an op of small tensors ends when the last of its threads does, thousands of times a step, and OpenBLAS and libtorch wake and
/// rest pools of their own in between. In lanes nothing waits until the end. That pays where a lane is one thread; with more, the lanes
/// would queue for OpenBLAS, whose pool takes one matmul at a time. [#fitting] tells how many are worth it.
///
/// Backward passes may run in lanes at the same time if each lane has leaves of its own: gradients that arrive at one leaf from two lanes
/// would be summed in whatever order they come.
///
/// This is the one place where more threads than one run torch: whoever calls [#run] waits, so that to everybody else it is still one.
///
/// Every lane has the caller's grad mode and a [TensorScope] of its own. It may read any tensor, and change or free only its own; results
/// are Java's, or are written into a tensor that the caller owns.
public final class Lanes implements AutoCloseable {
    /// Rows of tokens that a lane needs. A product packs each weight anew for its own rows: 13 % of the time at 256 rows (docs/lab.md,
    /// 2026-11-25), so about half of it at 64.
    private static final int LEAST_ROWS = 64;
    /// As large as a process's first thread has: kernels and graphs expect it.
    private static final long STACK = 8 << 20;

    private final int count;
    private final ExecutorService workers;

    private Lanes(int count) {
        this.count = count;
        workers = Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("lane-", 1).stackSize(STACK).factory());
    }

    /// @param count at least 1; may be more than there are cores, which is only slower
    public static Lanes of(int count) {
        checkArgument(count >= 1, "lanes must be at least 1, got %s", count);
        return new Lanes(count);
    }

    /// As many lanes as are worth it on a device: one for each thread, but no more than there are samples, and none with too few rows for
    /// its products. Where that would leave half of the threads idle or more: one lane, whose ops spread over all threads.
    ///
    /// @param samples of the batch
    /// @param tokens of a sample
    public static int fitting(Device device, int samples, long tokens) {
        return device.isCpu() ? fitting(Libtorch.threads(), samples, tokens) : 1;
    }

    static int fitting(int threads, int samples, long tokens) {
        long most = Math.max(1, Math.min(Math.min(threads, samples), samples * tokens / LEAST_ROWS));
        return 2 * most > threads ? (int) most : 1;
    }

    public int count() { return count; }

    /// Rows of a batch that one lane takes.
    public record Rows(int first, int count) {
        public int[] indices() { return IntStream.range(first, first + count).toArray(); }
    }

    /// A batch in parts of nearly equal size, as many as there are lanes; a smaller batch falls into single rows.
    public List<Rows> cut(int batch) {
        int parts = Math.min(count, batch);
        return IntStream.range(0, parts).mapToObj(i -> new Rows(i * batch / parts, (i + 1) * batch / parts - i * batch / parts)).toList();
    }

    /// Runs bodies side by side, the first on this thread, and waits for all.
    ///
    /// @param bodies at most as many as there are lanes
    /// @return what they returned, in order
    public <T> List<T> run(List<? extends Supplier<T>> bodies) {
        checkArgument(bodies.size() <= count, "%s bodies for %s lanes", bodies.size(), count);
        if (bodies.size() == 1) {
            return List.of(bodies.getFirst().get());
        }
        boolean grad = Autograd.isEnabled();
        int threads = Libtorch.threads();
        try (var _ = BlasThreads.one()) {
            if (OpProfile.isOpen()) {
                return oneByOne(bodies, grad, threads);
            }
            var others = bodies.stream().skip(1).map(body -> workers.submit(() -> lane(body, grad))).toList();
            var results = new ArrayList<T>();
            try {
                results.add(lane(bodies.getFirst(), grad));
            } finally {
                TorchState.setOwnThreads(threads);
                others.forEach(Lanes::await);
            }
            others.forEach(other -> results.add(result(other)));
            return results;
        }
    }

    /// Does something with all of some things, each lane with about as much of them: the largest first, each to the lane that has least.
    ///
    /// @param size of each
    public <T> void each(List<T> all, ToLongFunction<T> size, Consumer<T> body) {
        run(balanced(all, size).stream().<Supplier<Integer>>map(some -> () -> {
            some.forEach(body);
            return some.size();
        }).toList());
    }

    private <T> List<List<T>> balanced(List<T> all, ToLongFunction<T> size) {
        var parts = Stream.generate(ArrayList<T>::new).limit(count).toList();
        var sizes = new long[count];
        all.stream().sorted(Comparator.comparingLong(size).reversed()).forEach(one -> {
            int least = IntStream.range(0, count).boxed().min(Comparator.comparingLong(i -> sizes[i])).orElseThrow();
            sizes[least] += size.applyAsLong(one);
            parts.get(least).add(one);
        });
        return List.copyOf(parts);
    }

    private static <T> List<T> oneByOne(List<? extends Supplier<T>> bodies, boolean grad, int threads) {
        try {
            var results = new ArrayList<T>();
            bodies.forEach(body -> results.add(lane(body, grad)));
            return results;
        } finally {
            TorchState.setOwnThreads(threads);
        }
    }

    private static <T> T lane(Supplier<T> body, boolean grad) {
        TorchState.threads(); // a thread's first look takes the process's number, whatever this thread was set to before
        TorchState.setOwnThreads(1);
        try (var _ = TensorScope.open(); var _ = grad ? Autograd.withGrad() : Autograd.noGrad()) {
            return body.get();
        }
    }

    /// Its tensors are the caller's: nobody may go on before it has ended, well or not.
    private static void await(Future<?> lane) {
        boolean interrupted = false;
        while (!lane.isDone()) {
            try {
                lane.get();
            } catch (ExecutionException e) {
                break; // is thrown when its result is asked for
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static <T> T result(Future<T> lane) {
        try {
            return lane.get();
        } catch (ExecutionException e) {
            Throwables.throwIfUnchecked(e.getCause());
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            throw new IllegalStateException("a lane that has ended does not wait", e);
        }
    }

    /// Ends the threads.
    @Override
    public void close() { workers.shutdown(); }
}
