package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("numeric")
@Threads(atLeast = 2, atMost = 2)
@ExtendWith(NoTensorLeaks.class)
class LanesTest {
    private static Supplier<Double> loss(Tensor weight, int seed) {
        return () -> {
            var x = Tensor.randn(Seed.of(seed), DType.F32, 33, 64);
            var loss = x.matmul(weight).geluTanh().matmul(weight).square().mean();
            loss.backward();
            return loss.item();
        };
    }

    private static Tensor weight() { return Tensor.randn(Seed.of(1), DType.F32, 64, 64).mul(0.1).detach().requiresGrad(true); }

    /// Bits and all, run after run, with more lanes than cores too: a lane with leaves of its own does what one thread does alone.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 8})
    void aLaneGivesWhatOneThreadGives(int count) {
        try (var _ = TensorScope.open(); var lanes = Lanes.of(count)) {
            Libtorch.setThreads(1);
            var alone = IntStream.range(0, count).mapToObj(_ -> weight()).toList();
            var losses = IntStream.range(0, count).mapToObj(i -> loss(alone.get(i), i).get()).toList();
            Libtorch.setThreads(2);
            for (int run = 0; run < 10; run++) {
                try (var _ = TensorScope.open()) {
                    var weights = IntStream.range(0, count).mapToObj(_ -> weight()).toList();
                    assertThat(lanes.run(IntStream.range(0, count).mapToObj(i -> loss(weights.get(i), i)).toList())).isEqualTo(losses);
                    for (int i = 0; i < count; i++) {
                        assertThat(weights.get(i).grad().sameValues(alone.get(i).grad())).isTrue();
                    }
                }
            }
        }
    }

    /// As many lanes as threads, where each has a sample and enough rows of tokens; else all threads for each op.
    @ParameterizedTest
    @CsvSource({"2, 32, 16, 2", "4, 32, 16, 4", "8, 32, 16, 8", "16, 32, 16, 1", "8, 4, 256, 1", "4, 4, 256, 4", "4, 3, 256, 3",
        "2, 1, 4096, 1",
        "8, 8, 4, 1", "1, 32, 16, 1", "64, 64, 1024, 64"})
    void lanesFitThreadsSamplesAndRows(int threads, int samples, long tokens, int lanes) {
        assertThat(Lanes.fitting(threads, samples, tokens)).isEqualTo(lanes);
    }

    @Test
    void lanesHaveTheCallersGradModeAndGiveItsThreadsBack() {
        try (var _ = TensorScope.open(); var lanes = Lanes.of(2)) {
            Supplier<Boolean> mode = Autograd::isEnabled;
            Supplier<Integer> threadsInside = Libtorch::threads;
            try (var _ = Autograd.noGrad()) {
                assertThat(lanes.run(List.of(mode, mode))).containsExactly(false, false);
            }
            assertThat(lanes.run(List.of(mode, mode))).containsExactly(true, true);
            assertThat(lanes.run(List.of(threadsInside, threadsInside))).containsExactly(1, 1);
            for (int i = 0; i < 50; i++) { // new threads, which may begin after the caller's lane has ended
                try (var fresh = Lanes.of(2)) {
                    Supplier<Integer> late = () -> {
                        LockSupport.parkNanos(200_000);
                        return Libtorch.threads();
                    };
                    assertThat(fresh.run(List.of(threadsInside, late))).containsExactly(1, 1);
                }
            }
            assertThat(Libtorch.threads()).isEqualTo(2);
        }
    }

    /// Whoever catches the failure may free what the other lane was reading.
    @Test
    void aFailureIsThrownWhenTheOtherLaneHasEnded() {
        try (var _ = TensorScope.open(); var lanes = Lanes.of(2)) {
            var ended = new AtomicBoolean();
            Supplier<Integer> slow = () -> {
                for (int i = 0; i < 200; i++) {
                    Tensor.ones(DType.F32, 1000).add(1);
                }
                ended.set(true);
                return 1;
            };
            Supplier<Integer> failing = () -> {
                throw new IllegalStateException("here");
            };
            assertThatThrownBy(() -> lanes.run(List.of(failing, slow))).isInstanceOf(IllegalStateException.class).hasMessage("here");
            assertThat(ended).isTrue();
            ended.set(false);
            assertThatThrownBy(() -> lanes.run(List.of(slow, failing))).isInstanceOf(IllegalStateException.class).hasMessage("here");
            assertThat(ended).isTrue();
            assertThat(Libtorch.threads()).isEqualTo(2);
        }
    }

    @Test
    void aProfileAddsThemUp() {
        try (var _ = TensorScope.open(); var lanes = Lanes.of(2); var profile = OpProfile.open()) {
            Supplier<Integer> body = () -> {
                Tensor.ones(DType.F32, 10).add(Tensor.ones(DType.F32, 10));
                return 1;
            };
            lanes.run(List.of(body, body));
            assertThat(profile.rows()).anySatisfy(row -> {
                assertThat(row.op()).isEqualTo("add");
                assertThat(row.calls()).isEqualTo(2);
            });
            assertThat(profile.seconds()).isPositive();
        }
    }

    @Test
    void oneLaneIsTheCallerItself() {
        try (var lanes = Lanes.of(1)) {
            Supplier<Thread> current = Thread::currentThread;
            assertThat(lanes.run(List.of(current))).containsExactly(Thread.currentThread());
            assertThatThrownBy(() -> lanes.run(List.of(current, current))).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> Lanes.of(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
