package dev.fusedit.benchmarks;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What it costs to ask a tensor of 2 × 3 × 4 for one thing. A tensor is asked many times: nothing of the question may be paid anew.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(value = 2, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g"})
public class QueryBenchmark {
    private TensorScope scope;
    private Tensor x;

    @Setup(Level.Trial)
    public void make() {
        scope = TensorScope.open();
        x = Tensor.randn(Seed.of(1), DType.F32, 2, 3, 4);
    }

    @TearDown(Level.Trial)
    public void close() { scope.close(); }

    @Benchmark
    public int rank() { return x.rank(); }

    @Benchmark
    public long size() { return x.size(1); }

    @Benchmark
    public long[] shape() { return x.shape(); }

    @Benchmark
    public long numel() { return x.numel(); }

    @Benchmark
    public DType dtype() { return x.dtype(); }

    @Benchmark
    public Device device() { return x.device(); }

    @Benchmark
    public boolean requiresGrad() { return x.requiresGrad(); }

    @Benchmark
    public boolean isContiguous() { return x.isContiguous(); }

    @Benchmark
    public long dataAddress() { return x.dataAddress(); }
}
