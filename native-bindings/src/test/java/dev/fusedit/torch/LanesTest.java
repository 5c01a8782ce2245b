package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

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

    /// Bits and all, run after run: the sum of two does not depend on which came first.
    @Test
    void gradientsOfBothLanesAddUp() {
        try (var _ = TensorScope.open(); var lanes = Lanes.of(2)) {
            var alone = weight();
            Libtorch.setThreads(1);
            double a = loss(alone, 2).get(), b = loss(alone, 3).get();
            Libtorch.setThreads(2);
            for (int i = 0; i < 50; i++) {
                try (var _ = TensorScope.open()) {
                    var weight = weight();
                    assertThat(lanes.run(List.of(loss(weight, 2), loss(weight, 3)))).containsExactly(a, b);
                    assertThat(weight.grad().sameValues(alone.grad())).isTrue();
                }
            }
        }
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
        assertThatThrownBy(() -> Lanes.of(3)).isInstanceOf(IllegalArgumentException.class);
    }
}
