package dev.fusedit.torch.threads;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.internal.abi.ReadSection;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

/// What [TensorScope] promises to several threads, one by one; [CloseStressTest] has all at once.
@ExtendWith(NoTensorLeaks.class)
class ScopeThreadsTest {
    private static Tensor ones() { return Tensor.ones(DType.F32, 8); }

    /// What it throws on another thread; null if nothing.
    private static Throwable elsewhere(Executable body) throws InterruptedException {
        var thrown = new AtomicReference<Throwable>();
        Thread.ofPlatform().start(() -> {
            try (var _ = TensorScope.open()) {
                body.execute();
            } catch (Throwable e) {
                thrown.set(e);
            }
        }).join();
        return thrown.get();
    }

    @Test
    void aStackScopeIsChangedByItsThreadAlone() throws InterruptedException {
        try (var scope = TensorScope.open(); var holding = TensorScope.holding()) {
            var x = ones();
            var held = holding.hold(ones());
            assertThat(elsewhere(scope::close)).isInstanceOf(IllegalStateException.class).hasMessageContaining("thread");
            assertThat(elsewhere(() -> holding.hold(x))).isInstanceOf(IllegalStateException.class).hasMessageContaining("thread");
            assertThat(elsewhere(() -> scope.hold(held))).isInstanceOf(IllegalStateException.class).hasMessageContaining("thread");
            assertThat(elsewhere(() -> scope.hold(ones()))).isInstanceOf(IllegalStateException.class).hasMessageContaining("thread");
            assertThat(elsewhere(x::free)).isInstanceOf(IllegalStateException.class).hasMessageContaining("thread");
            assertThat(x.add(held).toFloats()).as("all is as it was").containsOnly(2);
            assertThat(holding.size()).isEqualTo(1);
        }
    }

    @Test
    void anyThreadMayCloseAHoldingScopeAndFreeInIt() throws InterruptedException {
        var holding = TensorScope.holding();
        var first = holding.hold(ones());
        var second = holding.hold(ones());
        assertThat(elsewhere(first::free)).isNull();
        assertThat(first.isClosed()).isTrue();
        assertThat(second.toFloats()).containsOnly(1);
        assertThat(elsewhere(holding::close)).isNull();
        assertThat(second.isClosed()).isTrue();
        assertThat(holding.size()).isZero();
    }

    @Test
    void closingWaitsForWhoLooksAtATensorOfThisScope() throws InterruptedException {
        var scope = TensorScope.holding();
        var other = TensorScope.holding();
        var x = scope.hold(ones());
        other.hold(ones());
        var closer = new Thread(scope::close);
        var closed = new CountDownLatch(1);
        try (var _ = ReadSection.enter()) {
            assertThat(x.dataAddress()).isNotZero();
            closer.start();
            new Thread(() -> {
                other.close();
                closed.countDown();
            }).start();
            closed.await(); // nobody looks at that one
            closer.join(50);
            assertThat(closer.isAlive()).isTrue();
        }
        closer.join();
        assertThat(x.isClosed()).isTrue();
    }

    @Test
    void aMovedTensorIsWaitedForToo() throws InterruptedException {
        var from = TensorScope.holding();
        var x = from.hold(ones());
        var mover = new Thread(() -> {
            try (var scope = TensorScope.open()) {
                scope.hold(x); // and frees it, where nobody is known to look
            }
        });
        try (var _ = ReadSection.enter()) {
            assertThat(x.dataAddress()).isNotZero();
            mover.start();
            mover.join(50);
            assertThat(mover.isAlive()).isTrue();
        }
        mover.join();
        assertThat(x.isClosed()).isTrue();
        from.close();
    }
}
