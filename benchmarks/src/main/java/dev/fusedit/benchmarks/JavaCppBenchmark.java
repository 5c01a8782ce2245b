package dev.fusedit.benchmarks;

import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
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
import org.openjdk.jmh.annotations.Warmup;

/// [BridgeBenchmark]'s ops through JavaCPP as it comes: its pointers are counted, and registered with the garbage collector.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(value = 2, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g"})
public class JavaCppBenchmark {
    private static final int BATCH = 64;
    private static final int CHAIN = 20;

    private Tensor x;
    private Tensor y;
    private Tensor weight;
    private Tensor a;
    private Tensor b;

    @Setup(Level.Trial)
    public void make() {
        torch.set_num_threads(2);
        x = torch.ones(4);
        y = torch.ones(4);
        weight = torch.ones(4).requires_grad_();
        a = torch.randn(512, 512);
        b = torch.randn(512, 512);
    }

    @Benchmark
    public void mul() { x.mul(y).close(); }

    @Benchmark
    public void add() { x.add(y).close(); }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void mulInScope() {
        try (var _ = new PointerScope()) {
            for (int i = 0; i < BATCH; i++) {
                x.mul(y);
            }
        }
    }

    @Benchmark
    public void chain() {
        try (var _ = new PointerScope()) {
            var z = x;
            for (int i = 1; i < CHAIN; i++) {
                z = z.mul(weight);
            }
            z.sum().backward();
            weight.mutable_grad().reset();
        }
    }

    @Benchmark
    public long size() { return x.size(0); }

    @Benchmark
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    public void matmul() { a.matmul(b).close(); }
}
