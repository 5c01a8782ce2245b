package dev.fusedit.benchmarks;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Floats from a Java array into a new tensor and from a tensor into a new Java array, each beside C's `memcpy` of as many bytes into
/// memory that is just as new: untouched pages cost more than the copying, so a copy into warm memory would be no fair floor.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(value = 2, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Xms1g", "-Xmx1g", "-XX:+UseSerialGC",
    "-XX:+AlwaysPreTouch"})
public class CopyBenchmark {
    @Param({"4096", "1048576", "67108864"})
    private int bytes;

    private TensorScope scope;
    private float[] array;
    private Tensor tensor;
    private long source;

    @Setup(Level.Trial)
    public void make() throws Throwable {
        scope = TensorScope.open();
        array = new float[bytes / Float.BYTES];
        for (int i = 0; i < array.length; i++) {
            array[i] = i;
        }
        tensor = Tensor.of(array);
        source = BareCall.malloc(bytes);
        BareCall.memcpy(source, tensor.dataAddress(), bytes);
    }

    @TearDown(Level.Trial)
    public void close() throws Throwable {
        BareCall.free(source);
        scope.close();
    }

    @Benchmark
    public void toTensor() { Tensor.of(array).free(); }

    @Benchmark
    public void toTensorMemcpy() throws Throwable {
        var fresh = BareCall.malloc(bytes);
        BareCall.memcpy(fresh, source, bytes);
        BareCall.free(fresh);
    }

    @Benchmark
    public float[] toArray() { return tensor.toFloats(); }

    @Benchmark
    public float[] toArrayMemcpy() throws Throwable {
        var fresh = new float[array.length];
        BareCall.memcpy(MemorySegment.ofArray(fresh), source, bytes);
        return fresh;
    }
}
