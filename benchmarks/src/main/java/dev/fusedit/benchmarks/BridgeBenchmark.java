package dev.fusedit.benchmarks;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Torch;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What a call costs through our bridge: one small op with its result freed, a chain of 20 ops with autograd, a 512³ matmul; beside
/// it the small op by a bare C++ call. [JavaCppBenchmark] does the same through plain JavaCPP.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(value = 2, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g"})
public class BridgeBenchmark {
    private static final int BATCH = 64;
    private static final int CHAIN = 20;

    private TensorScope scope;
    private Tensor x;
    private Tensor y;
    private TensorScope holding;
    private Tensor held;
    private Tensor weight;
    private Tensor a;
    private Tensor b;

    @Setup(Level.Trial)
    public void make() throws Throwable {
        Libtorch.setThreads(2);
        scope = TensorScope.open();
        x = Tensor.of(new float[] {1, 2, 3, 4});
        y = Tensor.of(new float[] {1, 1, 1, 1});
        holding = TensorScope.holding();
        held = holding.hold(Tensor.of(new float[] {1, 1, 1, 1}));
        weight = Tensor.of(new float[] {1, 1, 1, 1}).requiresGrad(true);
        a = Tensor.randn(Seed.of(1), DType.F32, 512, 512);
        b = Tensor.randn(Seed.of(2), DType.F32, 512, 512);
        requireSum(Tensor.adoptHandle(BareCall.sum(x, y)));
    }

    /// The bare call builds a C++ object by hand: it is measured only if it adds.
    private static void requireSum(Tensor sum) {
        if (!Arrays.equals(sum.toFloats(), new float[] {2, 3, 4, 5})) {
            throw new IllegalStateException("the bare add gave " + sum);
        }
    }

    @TearDown(Level.Trial)
    public void close() {
        holding.close();
        scope.close();
    }

    // ---- one small op, its result freed

    @Benchmark
    public void mulBare() throws Throwable { BareCall.mul(x, y); }

    @Benchmark
    public void addBare() throws Throwable { BareCall.add(x, y); }

    /// The C function that our add calls, and the result's end: what lies above it is Java's.
    @Benchmark
    public void addByEntry() throws Throwable { BareCall.addByEntry(x, y); }

    /// libtorch's look-up by name, which is part of each call by the dispatcher's C ABI.
    @Benchmark
    public long lookup() throws Throwable { return BareCall.find(); }

    @Benchmark
    public void mul() { x.mul(y).free(); }

    @Benchmark
    public void add() { x.add(y).free(); }

    /// The second operand is in a holding scope, as weights are, so that another thread could free it.
    @Benchmark
    public void addHeld() { x.add(held).free(); }

    @Benchmark
    public void mulHeld() { x.mul(held).free(); }

    @Benchmark
    public void mulNumber() { x.mul(2.0).free(); }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void mulInScope() {
        try (var _ = TensorScope.open()) {
            for (int i = 0; i < BATCH; i++) {
                x.mul(y);
            }
        }
    }

    @Benchmark
    public void mulGeneric() { Torch.call("aten::mul", "Tensor", x, y).tensor().free(); }

    // ---- 19 matmuls and a sum with a graph, then backward; the time of the whole chain

    @Benchmark
    public void chain() {
        try (var _ = TensorScope.open()) {
            var z = x;
            for (int i = 1; i < CHAIN; i++) {
                z = z.mul(weight);
            }
            z.sum().backward();
            weight.clearGrad();
        }
    }

    // ---- work that hides the call

    @Benchmark
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    public void matmul() { a.matmul(b).free(); }
}
