package dev.fusedit.benchmarks;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
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

/// All tensors of a file of 512 MiB that lies in the page cache, into new tensors: 120 of 4 MiB, as a small transformer has them, and one
/// of 32 MiB, its table of words. Beside it the same bytes read into one block of memory that was written before: the rate of the
/// kernel's copy.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(value = 2, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g", "-XX:MaxDirectMemorySize=1g"})
public class SafetensorsBenchmark {
    private static final int LAYERS = 120;
    private static final int CHUNK = 1 << 22;

    private Path folder;
    private Path file;
    private ByteBuffer warm;

    @Setup(Level.Trial)
    public void write() throws IOException {
        folder = Files.createTempDirectory("safetensors");
        file = folder.resolve("model.safetensors");
        warm = ByteBuffer.allocateDirect(CHUNK);
        try (var _ = TensorScope.open()) {
            var layer = Tensor.ones(DType.F32, 1024, 1024);
            var tensors = new LinkedHashMap<String, Tensor>();
            tensors.put("words", Tensor.ones(DType.F32, 8192, 1024));
            for (int i = 0; i < LAYERS; i++) {
                tensors.put("layer." + i, layer);
            }
            SafeTensors.write(file, tensors, Map.of());
        }
    }

    @TearDown(Level.Trial)
    public void delete() throws IOException {
        Files.delete(file);
        Files.delete(folder);
    }

    @Benchmark
    public int load() {
        try (var _ = TensorScope.open(); var source = SafeTensors.open(file)) {
            source.names().forEach(source::read);
            return source.names().size();
        }
    }

    @Benchmark
    public long readWarm() throws IOException {
        try (var channel = FileChannel.open(file)) {
            long done = 0;
            for (int count = 0; count >= 0; count = channel.read(warm.clear())) {
                done += count;
            }
            return done;
        }
    }
}
