package dev.fusedit.benchmarks;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// [BridgeBenchmark]'s ops through DJL's PyTorch engine, which brings a libtorch of its own (2.7.1, with MKL in it) and so lives in forks
/// of its own, like every benchmark here. `benchmarks/run` puts the engine on the class path (Maven's profile `djl`), nothing else does.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(value = 2, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g", "-Dai.djl.offline=true", "-DOPT_OUT_TRACKING=true"})
public class DjlBenchmark {
    private static final int BATCH = 64;
    private static final int CHAIN = 20;

    private NDManager manager;
    private NDArray x;
    private NDArray y;
    private NDArray weight;
    private NDArray a;
    private NDArray b;

    @Setup(Level.Trial)
    public void make() {
        manager = NDManager.newBaseManager(null, "PyTorch");
        x = manager.create(new float[] {1, 2, 3, 4});
        y = manager.create(new float[] {1, 1, 1, 1});
        weight = manager.create(new float[] {1, 1, 1, 1});
        weight.setRequiresGradient(true);
        a = manager.randomNormal(new Shape(512, 512));
        b = manager.randomNormal(new Shape(512, 512));
    }

    @TearDown(Level.Trial)
    public void close() { manager.close(); }

    @Benchmark
    public void mul() { x.mul(y).close(); }

    @Benchmark
    public void add() { x.add(y).close(); }

    @Benchmark
    public void mulNumber() { x.mul(2.0).close(); }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void mulInScope() {
        try (var scope = manager.newSubManager()) {
            x.attach(scope);
            for (int i = 0; i < BATCH; i++) {
                x.mul(y);
            }
            x.attach(manager);
        }
    }

    @Benchmark
    public void chain() {
        try (var scope = manager.newSubManager(); var collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            x.attach(scope);
            var z = x;
            for (int i = 1; i < CHAIN; i++) {
                z = z.mul(weight);
            }
            collector.backward(z.sum());
            collector.zeroGradients();
            x.attach(manager);
        }
    }

    @Benchmark
    public long size() { return x.getShape().get(0); }

    @Benchmark
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    public void matmul() { a.matMul(b).close(); }

    /// The copies of [CopyBenchmark].
    @State(Scope.Thread)
    public static class Copies {
        @Param({"4096", "1048576", "67108864"})
        private int bytes;

        private NDManager manager;
        private float[] array;
        private NDArray tensor;

        @Setup(Level.Trial)
        public void make() {
            manager = NDManager.newBaseManager(null, "PyTorch");
            array = new float[bytes / Float.BYTES];
            tensor = manager.create(array);
        }

        @TearDown(Level.Trial)
        public void close() { manager.close(); }
    }

    @Benchmark
    public void toTensor(Copies copies) { copies.manager.create(copies.array).close(); }

    @Benchmark
    public float[] toArray(Copies copies) { return copies.tensor.toFloatArray(); }
}
