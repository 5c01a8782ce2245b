package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class TensorScopeTest {
    @Test
    void closeFreesAllButWhatWasKept() {
        var before = TensorScope.live();
        Tensor kept;
        Tensor lost;
        try (var scope = TensorScope.open()) {
            lost = Tensor.ones(DType.F32, 3);
            kept = scope.keep(lost.mul(2));
        }
        assertThat(TensorScope.live()).isEqualTo(before + 1);
        assertThat(kept.toFloats()).containsOnly(2);
        assertThat(lost.isClosed()).isTrue();
    }

    @Test
    void useAfterCloseNamesTheOpAndDoesNotCrash() {
        Tensor x;
        try (var _ = TensorScope.open()) {
            x = Tensor.ones(DType.F32, 3);
        }
        var y = Tensor.ones(DType.F32, 3);
        assertThatThrownBy(() -> x.mul(y)).isInstanceOf(IllegalStateException.class).hasMessageContaining("mul");
        assertThatThrownBy(() -> y.matmul(x)).isInstanceOf(IllegalStateException.class).hasMessageContaining("matmul");
        assertThatThrownBy(() -> y.add(x)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> Tensor.cat(0, y, x)).isInstanceOf(IllegalStateException.class).hasMessageContaining("cat");
        assertThatThrownBy(x::shape).isInstanceOf(IllegalStateException.class).hasMessageContaining("shape");
        assertThatThrownBy(() -> y.linear(y, x)).isInstanceOf(IllegalStateException.class);
        assertThat(x.toString()).isEqualTo("tensor(closed)");
        assertThat(y.mul(y).toFloats()).as("an op after refused ones").containsOnly(1);
    }

    @Test
    void closingAndFreeingTwiceIsHarmless() {
        var scope = TensorScope.open();
        var x = Tensor.ones(DType.F32, 3);
        x.free();
        x.free();
        scope.close();
        scope.close();
        assertThat(x.isClosed()).isTrue();
    }

    @Test
    void withoutAScopeAnOpThrowsAndLeaksNothing() throws InterruptedException {
        var before = TensorScope.live();
        var thrown = new AtomicReference<Throwable>();
        var thread = new Thread(() -> {
            try {
                var _ = Tensor.ones(DType.F32, 3);
            } catch (Throwable e) {
                thrown.set(e);
            }
        });
        thread.start();
        thread.join();
        assertThat(thrown.get()).isInstanceOf(IllegalStateException.class).hasMessageContaining("TensorScope.open()");
        assertThat(TensorScope.live()).isEqualTo(before);
    }

    @Test
    void anotherThreadMayReadButNotFree() throws InterruptedException {
        var x = Tensor.ones(DType.F32, 3);
        var sum = new double[1];
        var thrown = new AtomicReference<Throwable>();
        var thread = new Thread(() -> {
            try (var _ = TensorScope.open()) {
                sum[0] = x.sum().item();
                x.free();
            } catch (Throwable e) {
                thrown.set(e);
            }
        });
        thread.start();
        thread.join();
        assertThat(sum[0]).isEqualTo(3);
        assertThat(thrown.get()).isInstanceOf(IllegalStateException.class).hasMessageContaining("thread");
        assertThat(x.isClosed()).isFalse();
    }

    @Test
    void innerScopesLeftOpenAreClosedWithTheOuterOne() {
        var outer = TensorScope.open();
        var _ = TensorScope.open();
        var x = Tensor.ones(DType.F32, 3);
        outer.close();
        assertThat(x.isClosed()).isTrue();
    }

    @Test
    void holdingScopeOwnsUntilItsHolderClosesIt() {
        var holding = TensorScope.holding();
        Tensor w;
        try (var _ = TensorScope.open()) {
            w = holding.hold(Tensor.ones(DType.F32, 4));
        }
        assertThat(w.sum().item()).isEqualTo(4);
        assertThat(holding.size()).isEqualTo(1);
        assertThat(holding.bytes()).isEqualTo(16);
        holding.close();
        assertThat(w.isClosed()).isTrue();
    }

    @Test
    void bytesCountAStorageOnce() {
        try (var scope = TensorScope.open()) {
            var x = Tensor.ones(DType.F32, 8);
            var view = x.narrow(0, 2, 4);
            assertThat(scope.bytes()).isEqualTo(32);
            assertThat(scope.size()).isEqualTo(2);
            assertThat(view.numel()).isEqualTo(4);
        }
    }

    @Test
    void earlyReleaseInALongLivedScopeKeepsItsTableSmall() {
        try (var scope = TensorScope.open()) {
            var stays = Tensor.ones(DType.F32, 1);
            for (int i = 0; i < 10_000; i++) {
                var a = Tensor.ones(DType.F32, 1);
                var b = a.mul(2);
                a.free();
                if (i % 100 == 0) {
                    assertThat(stays.add(b).item()).isEqualTo(3);
                }
                b.free();
            }
            assertThat(scope.size()).isLessThan(300);
        }
    }

    /// Without references of its own the graph would read freed memory here.
    @Test
    void freeingInsideForwardIsSafeForTheGraph() {
        var w = Tensor.of(new float[] {1, 2, 3}).requiresGrad(true);
        var loss = TensorScope.scoped(() -> {
            var square = TensorScope.scoped(() -> w.mul(w));
            var cube = TensorScope.scoped(() -> square.mul(w));
            square.free();
            return cube.sum();
        });
        loss.backward();
        assertThat(w.grad().toFloats()).containsExactly(3, 12, 27);
    }

    /// 10,000 steps with 16 MB temporaries: the scope gives them back, no collector is involved. One temporary leaked a step would be 80
    /// GB; the peak is compared since the allocator lets the present size swing by a few blocks.
    @Test
    @EnabledOnOs(OS.LINUX)
    void tenThousandStepsKeepTheProcessFlat() throws IOException {
        var x = Tensor.ones(DType.F32, 4 * 1024 * 1024);
        long early = 0;
        for (int step = 0; step < 10_000; step++) {
            try (var _ = TensorScope.open()) {
                var y = x.mul(step);
                if (step % 1000 == 0) {
                    assertThat(y.get(7).item()).isEqualTo(step);
                }
            }
            if (step == 5_000) {
                early = peakMiB();
            }
        }
        assertThat(peakMiB() - early).as("growth of the peak in MiB").isLessThan(48);
    }

    private static long peakMiB() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmHWM:")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                    .sum();
        }
    }

    @Test
    void scopesPrintWhatTheyOwn() throws Exception {
        var scope = TensorScope.open();
        assertThat(scope).hasToString("TensorScope(0 tensors, 0 bytes)");
        var x = Tensor.zeros(DType.F32, 1000, 1000);
        assertThat(scope).hasToString("TensorScope(1 tensor, 4,000,000 bytes)");
        assertThat(x.get(0).size()).isEqualTo(List.of(1000L)).hasToString("[1000]");
        assertThat(scope).hasToString("TensorScope(2 tensors, 4,000,000 bytes)");
        var seen = new CompletableFuture<String>();
        Thread.ofPlatform().start(() -> seen.complete(scope.toString()));
        assertThat(seen.get()).startsWith("TensorScope(of thread ").endsWith(", 2 tensors, 4,000,000 bytes)");
        scope.close();
        assertThat(scope).hasToString("TensorScope(closed)");
    }

    /// On whatever thread a snippet runs, and in whatever scope it works.
    @Test
    void aSessionOwnsWhatIsMadeOutsideOfStackScopes() throws Exception {
        var before = TensorScope.live();
        var made = new CompletableFuture<Tensor>();
        try (var session = TensorScope.session()) {
            assertThat(TensorScope.session()).as("the one that is open").isSameAs(session);
            var first = new Thread(() -> made.complete(Tensor.ones(DType.F32, 3)));
            first.start();
            first.join();
            var kept = new CompletableFuture<Tensor>();
            var second = new Thread(() -> kept.complete(TensorScope.scoped(() -> made.join().add(1).mul(2))));
            second.start();
            second.join();
            assertThat(kept.get().toFloats()).containsOnly(4);
            assertThat(session).hasToString("TensorScope(session, 2 tensors, 24 bytes)");
            kept.get().free();
            assertThat(session.size()).isOne();
        }
        assertThat(TensorScope.live()).isEqualTo(before);
        assertThat(made.get()).hasToString("tensor(closed)");
        var refused = new CompletableFuture<Tensor>();
        var late = new Thread(() -> {
            try {
                refused.complete(Tensor.ones(DType.F32, 3));
            } catch (IllegalStateException e) {
                refused.completeExceptionally(e);
            }
        });
        late.start();
        late.join();
        assertThatThrownBy(refused::join).hasMessageContaining("no TensorScope is open on this thread");
        assertThat(TensorScope.live()).isEqualTo(before);
    }
}
