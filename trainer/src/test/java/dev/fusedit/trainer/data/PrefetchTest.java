package dev.fusedit.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
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
        var names = ConcurrentHashMap.<String>newKeySet();
        var atWork = new CountDownLatch(4);
        var made = new AtomicInteger();
        try (var batches = new Prefetch<>(0, 1000, 4, step -> {
            names.add(Thread.currentThread().getName());
            atWork.countDown();
            try {
                atWork.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            made.incrementAndGet();
            return step;
        })) {
            atWork.await();
            assertThat(names).hasSize(4);
            while (made.get() < 4 * Prefetch.AHEAD) {
                Thread.sleep(1);
            }
            Thread.sleep(20);
            assertThat(made).as("nobody takes any").hasValue(4 * Prefetch.AHEAD);
            batches.next();
            while (made.get() < 4 * Prefetch.AHEAD + 1) {
                Thread.sleep(1);
            }
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
