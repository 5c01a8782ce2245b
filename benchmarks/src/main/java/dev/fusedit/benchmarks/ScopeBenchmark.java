package dev.fusedit.benchmarks;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
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

/// What a scope costs per tensor: 64 second handles on one tensor, the cheapest tensors there are, in a scope that opens before them and
/// frees them, less the same 64 handles made and deleted by the C functions alone. The difference is everything of ours: the Java object,
/// its place in the scope, the count of live handles, and a 64th of opening and closing.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(value = 2, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g"})
public class ScopeBenchmark {
    private static final int BATCH = 64;

    private final long[] handles = new long[BATCH];
    private TensorScope scope;
    private Tensor x;

    @Setup(Level.Trial)
    public void make() {
        scope = TensorScope.open();
        x = Tensor.of(new float[] {1, 2, 3, 4});
    }

    @TearDown(Level.Trial)
    public void close() { scope.close(); }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void handles() {
        try (var _ = TensorScope.open()) {
            for (int i = 0; i < BATCH; i++) {
                x.anotherHandle();
            }
        }
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void handlesBare() throws Throwable {
        for (int i = 0; i < BATCH; i++) {
            handles[i] = BareCall.copy(x);
        }
        for (int i = BATCH; i-- > 0;) {
            BareCall.delete(handles[i]);
        }
    }

    /// Opening and closing alone.
    @Benchmark
    public void empty() { TensorScope.open().close(); }
}
