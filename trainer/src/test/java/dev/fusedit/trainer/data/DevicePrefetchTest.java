package dev.fusedit.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.cuda.RecordedRuntime;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.stored.StoredBatch;
import dev.fusedit.trainer.data.stored.StoredImage;
import dev.fusedit.trainer.data.stored.StoredRow;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// On the CPU's runtime, which does what a GPU would in the same order of calls. Queue 0 is that of the steps, 1 the one beside it.
@ExtendWith(NoTensorLeaks.class)
@Timeout(60)
class DevicePrefetchTest {
    private final RecordedRuntime runtime = new RecordedRuntime();

    private static Batch batch(long step) {
        var bytes = new byte[2 * 2 * 2 * 3];
        Arrays.fill(bytes, (byte) step);
        return new Batch(bytes, ImageSize.square(2), List.of("a", "b"), new int[2][1], 0, new int[0][], List.of(step, step + 1));
    }

    private static Batch stored(long step) {
        var rows = List.of(row(step), row(step + 1));
        return new Batch(new byte[0], ImageSize.square(2), List.of("a", "b"), new int[2][1], 0, new int[0][], List.of(step, step + 1),
                StoredBatch.of(rows, List.of()), BatchSlice.WHOLE, 2, 0, Carried.NOTHING);
    }

    private static StoredImage row(long number) {
        return new StoredImage(StoredRow.of(DType.F32, new float[] {number, -number, 1}, 3), null);
    }

    /// Batches of the steps from 0 on, which are there at once, or only when they are asked for.
    private static final class Steps implements Feed<Batch> {
        private final LongFunction<Batch> source;
        private final long end;
        private boolean ready = true;
        private long step;

        Steps(long end, LongFunction<Batch> source) {
            this.end = end;
            this.source = source;
        }

        @Override
        public Batch next() { return source.apply(step++); }

        @Override
        public boolean isReady() { return ready && step < end; }

        @Override
        public void close() {}
    }

    @Test
    void aBatchIsCarriedWhileTheStepBeforeRuns() {
        try (var batches = new DevicePrefetch(new Steps(3, DevicePrefetchTest::batch), runtime.accelerator())) {
            for (int step = 0; step < 3; step++) {
                var carried = batches.next().carried();
                assertThat(carried.images().orElseThrow().toBytes()).containsOnly(step).hasSize(24);
                assertThat(carried.latents()).isEmpty();
            }
        }
        assertThat(runtime.calls()).containsExactly(
                "pinned u8", "record 2 in 0", "1 waits for 2", "use 1", "use 0", "record 3 in 1", "delete 2", "0 waits for 3", // step 0, asked for
                "pinned u8", "record 4 in 0", "1 waits for 4", "use 1", "use 0", "record 5 in 1", "delete 4", // step 1, while step 0 runs
                "0 waits for 5",
                "pinned u8", "record 6 in 0", "1 waits for 6", "use 1", "use 0", "record 7 in 1", "delete 6", // step 2, while step 1 runs
                "delete 3", "0 waits for 7", // step 0 has been looked at
                "delete 5", "delete 7");
    }

    /// Else what comes after would be given memory that is still being written.
    @Test
    void aBatchThatNobodyTookIsAwaitedByTheQueueThatItsMemoryGoesBackTo() {
        try (var batches = new DevicePrefetch(new Steps(2, DevicePrefetchTest::batch), runtime.accelerator())) {
            batches.next();
        }
        var calls = runtime.calls();
        assertThat(calls.subList(calls.size() - 3, calls.size())).containsExactly("delete 3", "0 waits for 5", "delete 5");
    }

    @Test
    void aLoaderThatIsLateHoldsNoStepUp() {
        var steps = new Steps(2, DevicePrefetchTest::batch);
        steps.ready = false;
        try (var batches = new DevicePrefetch(steps, runtime.accelerator())) {
            assertThat(batches.next().keys()).first().isEqualTo(0L);
            assertThat(steps.step).as("the next one is not waited for").isEqualTo(1);
            assertThat(batches.isReady()).isFalse();
            assertThat(batches.next().keys()).first().isEqualTo(1L);
        }
    }

    @Test
    void whatIsStoredIsCarriedInPlaceOfImages() {
        try (var batches = new DevicePrefetch(new Prefetch<>(5, 6, 1, DevicePrefetchTest::stored), runtime.accelerator());
                var _ = TensorScope.open()) {
            var carried = batches.next().carried();
            assertThat(carried.images()).isEmpty();
            assertThat(carried.features()).isEmpty();
            assertThat(carried.latents().orElseThrow().shape()).containsExactly(2, 3);
            assertThat(carried.latents().orElseThrow().toFloats()).containsExactly(5, -5, 1, 6, -6, 1);
        }
    }

    /// The steps before it are done first.
    @Test
    void whatALoaderThrowsComesWhenItsTurnHasCome() throws InterruptedException {
        var failed = new CountDownLatch(1);
        var made = new Prefetch<>(0, 2, 1, step -> {
            if (step == 0) return batch(step);
            failed.countDown();
            throw new UserError("sample 7 is damaged");
        });
        try (var batches = new DevicePrefetch(made, runtime.accelerator())) {
            failed.await();
            assertThat(batches.next().keys()).first().isEqualTo(0L);
            assertThatThrownBy(batches::next).isInstanceOf(UserError.class).hasMessage("sample 7 is damaged");
        }
    }

    @Test
    void onTheCpuThereIsNothingToCarry() {
        try (var made = new Prefetch<>(0, 1, 1, DevicePrefetchTest::batch); var batches = DevicePrefetch.of(made, Device.CPU)) {
            assertThat(batches).isSameAs(made);
            assertThat(batches.next().carried()).isEqualTo(Carried.NOTHING);
        }
    }
}
