package dev.fusedit.torch.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// On the CPU, which does what a GPU would in the same order of calls.
@ExtendWith(NoTensorLeaks.class)
class AcceleratorTest {
    private final RecordedRuntime runtime = new RecordedRuntime();
    private final Accelerator accelerator = runtime.accelerator();
    private TensorScope scope = TensorScope.open();

    @BeforeEach
    void begin() {
        scope.close();
        scope = TensorScope.open();
    }

    @AfterEach
    void end() { scope.close(); }

    @Test
    void aCopyBesideTheCurrentQueueIsOrderedByEvents() {
        var source = accelerator.pinned(new float[] {1, 2, 3, 4}, 2, 2);
        var target = Tensor.zeros(DType.F32, 2, 2);
        var side = accelerator.beside(); // 1
        try (var free = accelerator.event().record(accelerator.current()); var copied = accelerator.event()) { // 2, 3
            side.await(free);
            side.copy(source, target);
            copied.record(side);
            accelerator.current().await(copied);
        }
        assertThat(target.toFloats()).containsExactly(1, 2, 3, 4);
        assertThat(runtime.calls()).containsExactly("pinned f32", "record 2 in 0", "1 waits for 2", "use 1", "use 0", "record 3 in 1",
                "0 waits for 3", "delete 3", "delete 2");
    }

    @Test
    void whoReadsNumbersLateWaitsForTheirCopyAlone() {
        var numbers = Tensor.of(new float[] {1, 2, 3});
        try (var later = Readback.of(accelerator, numbers)) {
            numbers.fillInPlace(0);
            assertThat(later.read()).containsExactly(1, 2, 3);
            assertThat(later.read()).as("again").containsExactly(1, 2, 3);
        }
        Readback.of(accelerator, numbers).close();
        assertThat(runtime.calls()).containsExactly("pinned f64", "use 0", "use 0", "record 1 in 0", "synchronize event 1", "delete 1",
                "pinned f64", "use 0", "use 0", "record 2 in 0", "delete 2");
    }

    @Test
    void aQueueInUseIsThisThreadsAloneAndTheOneBeforeComesBack() throws InterruptedException {
        var outer = accelerator.beside();
        var elsewhere = new long[1];
        try (var _ = outer.use()) {
            try (var _ = accelerator.beside().use()) {
                assertThat(accelerator.current().address()).isEqualTo(2);
            }
            assertThat(accelerator.current().address()).isEqualTo(outer.address());
            var other = new Thread(() -> elsewhere[0] = accelerator.current().address());
            other.start();
            other.join();
        }
        assertThat(accelerator.current().address()).isZero();
        assertThat(elsewhere[0]).isZero();
    }

    @Test
    void eventsTellWhenTheyWereReached() {
        try (var before = accelerator.timer(); var after = accelerator.timer(); var timeless = accelerator.event()) {
            assertThat(before.isDone()).isFalse();
            before.record(accelerator.current());
            after.record(accelerator.current());
            assertThat(before.isDone()).isTrue();
            after.synchronize();
            assertThat(after.millisSince(before)).isGreaterThanOrEqualTo(0);
            assertThatThrownBy(() -> timeless.record(accelerator.current()).millisSince(before)).hasMessageContaining("without time");
        }
    }

    /// CUDA lets both pass in silence.
    @Test
    void whatNobodyRecordedIsWaitedForByNobody() {
        var event = accelerator.event();
        assertThatThrownBy(() -> accelerator.current().await(event)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("never recorded");
        event.close();
        event.close();
        assertThatThrownBy(event::isDone).hasMessageContaining("deleted");
    }

    @Test
    void pinnedMemoryHoldsWhatItWasGiven() {
        assertThat(accelerator.pinned(new byte[] {-1, 0, 7}, 3).toBytes()).containsExactly(-1, 0, 7);
        assertThat(accelerator.pinned(new byte[0], 0, 3).shape()).containsExactly(0, 3);
        assertThatThrownBy(() -> accelerator.pinned(new float[3], 2, 2)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theCpusMemoryIsCountedAndHasNoBound() {
        var memory = Accelerator.of(Device.CPU).memory();
        long before = memory.statistics().allocated();
        Tensor.zeros(DType.F32, 1 << 20);
        assertThat(memory.statistics().allocated() - before).isEqualTo(4 << 20);
        assertThat(memory.statistics().toString()).contains("MiB in all");
        memory.emptyCache();
        memory.resetPeak();
        assertThatThrownBy(() -> memory.limit(0.5)).isInstanceOf(UnsupportedOperationException.class).hasMessageContaining("memory.max");
    }
}
