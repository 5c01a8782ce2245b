package dev.fusedit.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class PrefetchTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void batchesComeInOrderHoweverLongEachTakes(int threads) {
        try (var batches = new Prefetch<>(7, 107, threads, step -> {
            LockSupport.parkNanos(step * 7919 % 5 * 100_000);
            return step;
        })) {
            assertThat(LongStream.range(7, 107).map(_ -> batches.next())).containsExactly(LongStream.range(7, 107).boxed()
                    .toArray(Long[]::new));
            assertThatIllegalStateException().isThrownBy(batches::next);
        }
    }

    @Test
    void allThreadsWorkAtOnceAndNoMoreIsMadeThanTwoForEach() throws InterruptedException {
        var loaders = ConcurrentHashMap.<Thread>newKeySet();
        var atWork = new CountDownLatch(4);
        var made = new Semaphore(0);
        try (var batches = new Prefetch<>(0, 1000, 4, step -> {
            loaders.add(Thread.currentThread());
            atWork.countDown();
            try {
                atWork.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            made.release();
            return step;
        })) {
            atWork.await();
            assertThat(loaders).hasSize(4);
            made.acquire(4 * Prefetch.AHEAD);
            while (!loaders.stream().allMatch(loader -> loader.getState() == Thread.State.WAITING)) Thread.onSpinWait();
            assertThat(made.availablePermits()).as("nobody takes any, and the loaders wait").isZero();
            batches.next();
            made.acquire();
        }
    }

    @Test
    void aFailureNamesItsSampleAndComesWhenItsTurnHasCome() {
        try (var batches = new Prefetch<>(0, 10, 4, step -> {
            return SampleFailure.named(10 + step, () -> {
                if (step == 2) {
                    throw new UserError("cat.jpg is broken. Mend it");
                }
                return 7 / (3 - step);
            });
        })) {
            assertThat(batches.next()).isEqualTo(2);
            assertThat(batches.next()).isEqualTo(3);
            assertThatThrownBy(batches::next).isInstanceOf(UserError.class).hasMessage("sample 12: cat.jpg is broken. Mend it");
            assertThatThrownBy(batches::next).isInstanceOf(SampleFailure.class)
                    .hasMessage("sample 13 cannot be made: java.lang.ArithmeticException: / by zero");
        }
    }

    @Test
    void closingEndsTheThreads() throws InterruptedException {
        var thread = new AtomicInteger();
        var batches = new Prefetch<>(0, 100, 2, step -> {
            thread.incrementAndGet();
            return Thread.currentThread();
        });
        var loader = batches.next();
        batches.close();
        loader.join(10_000);
        assertThat(loader.isAlive()).isFalse();
    }
}
