package dev.fusedit.torch.threads;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Torch;
import dev.fusedit.torch.fused.FusedGate;
import dev.fusedit.torch.fused.FusedSum;
import dev.fusedit.torch.io.SafeTensorsCopy;
import java.io.ByteArrayOutputStream;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/// Programs in which one thread frees what others use, as a process of their own, since what is tried is whether it lives: `CloseStress KIND
/// SECONDS` ends with 0 if nothing but [IllegalStateException] was thrown and nothing was left, and says how often each side came first.
final class CloseStress {
    private static final int SIZE = 1 << 14;
    private static final int SIDE = 128;

    /// What the other threads do with a tensor until it is closed; `SIDE` × `SIDE` f32.
    enum Kind {
        ADD(x -> x.add(x)), ADD_NUMBER(x -> x.add(2.0)), MATMUL(x -> x.matmul(x)), LIST(x -> Tensor.cat(0, x, x)),
        READ(x -> require(x.toFloats()[5])), TEXT(Tensor::toString), QUERIES(x -> {
            require(x.shape()[0] == SIDE ? 1 : 0);
            require(x.size(-1) == SIDE && x.numel() == SIZE && x.device().isCpu() && x.dtype() == DType.F32 ? 1 : 0);
        }), VIEWS(x -> {
            var view = x.narrow(0, 1, 2);
            var bare = x.detach();
            require(view.select(0, 1).toFloats()[3]);
            require(bare.toFloats()[7]);
        }), GENERIC(x -> Torch.call("cat", "", List.of(x, x, x), 0)), SCALAR(x -> Torch.call("pow", "Tensor_Scalar", x, 2)),
        GRADIENT(x -> {
            var gradient = x.grad();
            if (gradient != null) require(gradient.toFloats()[9]);
            x.setGrad(gradient == null ? Tensor.ones(DType.F32, SIDE, SIDE) : null);
        }), FAILURE(x -> {
            try {
                x.matmul(x.narrow(0, 0, 3));
            } catch (dev.fusedit.torch.TorchException expected) {
                require(expected.getMessage().contains("matmul") ? 1 : 0);
            }
        }), GATE(x -> FusedGate.SILU.forward(x, x)), SUM(x -> FusedSum.forward(x, x, x.narrow(0, 0, 1))), BYTES(_ -> {
            TensorScope.liveBytes();
        }), FREE(Tensor::free), COPY(x -> {
            try (var copy = SafeTensorsCopy.of(Map.of("x", x), Map.of())) {
                copy.writeTo(Channels.newChannel(new ByteArrayOutputStream()));
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });

        private final Consumer<Tensor> use;

        Kind(Consumer<Tensor> use) { this.use = use; }
    }

    /// How it is taken from them.
    private enum End { STACK, PARENT, HOLDING, FREE, MOVED, TWICE }

    private static final AtomicInteger USES = new AtomicInteger();
    private static final AtomicInteger REFUSALS = new AtomicInteger();
    private static final AtomicReference<Throwable> WRONG = new AtomicReference<>();

    private CloseStress() {}

    private static void require(double one) {
        if (one != 1) throw new AssertionError("a tensor of ones has " + one);
    }

    public static void main(String[] arguments) throws Exception {
        Libtorch.setThreads(2);
        var kinds = arguments[0].equals("ALL") ? Kind.values() : new Kind[] {Kind.valueOf(arguments[0])};
        long nanos = (long) (Double.parseDouble(arguments[1]) * 1e9 / kinds.length);
        for (var kind : kinds) {
            int uses = USES.get();
            int refusals = REFUSALS.get();
            long end = System.nanoTime() + nanos;
            for (int round = 0; round == 0 || System.nanoTime() < end; round++) {
                round(kind, End.values()[round % End.values().length], 1 + round % 3);
            }
            System.out.printf("%s: %d uses, %d refusals%n", kind, USES.get() - uses, REFUSALS.get() - refusals);
        }
        if (WRONG.get() != null) throw new AssertionError("a use ended with", WRONG.get());
        if (TensorScope.live() != 0) throw new AssertionError(TensorScope.live() + " tensors are left");
    }

    private static void round(Kind kind, End end, int threads) throws InterruptedException {
        try (var scope = TensorScope.open()) {
            var holding = TensorScope.holding();
            var inner = TensorScope.open();
            var tensor = Tensor.ones(DType.F32, SIDE, SIDE);
            if (end == End.HOLDING || end == End.TWICE || end == End.MOVED) holding.hold(tensor);
            var started = new CountDownLatch(threads);
            var users = new ArrayList<Thread>();
            for (int i = 0; i < threads; i++) {
                users.add(Thread.ofPlatform().start(() -> use(kind, tensor, started)));
            }
            started.await();
            spin(users.size() + USES.get() % 7);
            take(end, tensor, scope, inner, holding);
            for (var user : users) user.join();
            holding.close();
        }
    }

    private static void use(Kind kind, Tensor tensor, CountDownLatch started) {
        started.countDown();
        try {
            for (int i = 0; i < 50 || kind == Kind.FREE; i++) {
                try (var _ = TensorScope.open()) {
                    kind.use.accept(tensor);
                    USES.getAndIncrement();
                }
                if (kind == Kind.FREE && tensor.isClosed()) return;
            }
        } catch (IllegalStateException expected) {
            REFUSALS.getAndIncrement();
        } catch (Throwable e) {
            WRONG.compareAndSet(null, e);
        }
    }

    private static void take(End end, Tensor tensor, TensorScope scope, TensorScope inner, TensorScope holding)
            throws InterruptedException {
        switch (end) {
            case STACK -> inner.close();
            case PARENT -> scope.close();
            case FREE -> tensor.free();
            case HOLDING -> holding.close();
            case TWICE -> {
                var other = Thread.ofPlatform().start(holding::close);
                holding.close();
                other.join();
            }
            case MOVED -> move(tensor, inner, holding);
        }
        inner.close();
    }

    /// From scope to scope, and freed in the last.
    private static void move(Tensor tensor, TensorScope inner, TensorScope holding) {
        try (var second = TensorScope.holding(); var third = TensorScope.open()) {
            for (int i = 0; i < 20; i++) {
                second.hold(tensor);
                holding.hold(tensor);
                third.hold(tensor);
            }
            third.keep(tensor);
            inner.hold(tensor);
        } catch (IllegalStateException freedByAUser) {
            REFUSALS.getAndIncrement();
        }
    }

    private static void spin(int turns) {
        for (int i = 0; i < 300 * turns; i++) Thread.onSpinWait();
    }

    static List<String> kinds() { return Arrays.stream(Kind.values()).map(Enum::name).toList(); }
}
