package dev.fusedit.cli;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.LibtorchInfo;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.javacpp.CudaDevices;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What this machine offers, and what is wrong with it. Made without libtorch too, for then it is needed most.
///
/// @param libtorch null if none could be loaded; `problems` then says why and what to do
/// @param threads CPU threads of one op
@JsonNaming(SnakeCaseStrategy.class)
record Checkup(boolean ok, String jdk, @Nullable Torch libtorch, int threads, List<Processor> devices, List<String> problems) {
    record Torch(String version, String path, String source) {
        Torch(LibtorchInfo info) { this(info.version(), info.path().toString(), info.source()); }
    }

    /// @param usable false for a CUDA device beside a libtorch without CUDA
    @JsonNaming(SnakeCaseStrategy.class)
    record Processor(String device, String name, long memoryMib, boolean usable) {
        static Processor of(CudaDevices.CudaDevice gpu, boolean usable) {
            return new Processor("cuda:" + gpu.index(), gpu.name() + ", compute capability " + gpu.capability(), gpu.memory() >> 20,
                    usable);
        }

        @Override
        public String toString() {
            var unused = usable ? "" : " (not used: this libtorch has no CUDA; FUSEDIT_MAVEN_ARGS=-Pcuda builds with one that has)";
            return "%s: %s, %,d MiB%s".formatted(device, name, memoryMib, unused);
        }
    }

    static Checkup now() {
        var problems = new ArrayList<String>();
        if (Runtime.version().feature() != 25) {
            problems.add("Java " + Runtime.version() + " runs this; 25 is what it is built for. Set JAVA_HOME to a JDK 25.");
        }
        var libtorch = libtorch(problems);
        int threads = libtorch == null ? Runtime.getRuntime().availableProcessors() : Libtorch.threads();
        var jdk = Runtime.version() + " (" + System.getProperty("java.home") + ")";
        return new Checkup(problems.isEmpty(), jdk, libtorch, threads, devices(libtorch), List.copyOf(problems));
    }

    private static List<Processor> devices(@Nullable Torch libtorch) {
        boolean cuda = libtorch != null && Files.exists(Path.of(libtorch.path(), "libtorch_cuda.so"));
        return Stream.concat(Stream.of(cpu()), CudaDevices.list().stream().map(gpu -> Processor.of(gpu, cuda))).toList();
    }

    private static @Nullable Torch libtorch(List<String> problems) {
        try {
            var info = Libtorch.load();
            try (var _ = TensorScope.open()) {
                var four = Tensor.ones(DType.F32, 2, 2).sum().item();
                if (four != 4) {
                    problems.add("libtorch adds four ones to " + four + ": " + info.path() + " is broken.");
                }
            }
            return new Torch(info);
        } catch (RuntimeException | LinkageError unusable) {
            problems.add(unusable.getMessage() == null ? unusable.toString() : unusable.getMessage());
            return null;
        }
    }

    private static Processor cpu() {
        var memory = ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getTotalMemorySize() >> 20
                : 0;
        return new Processor("cpu", cpuName(), memory, true);
    }

    private static String cpuName() {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name")).findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElseGet(Checkup::architecture);
        } catch (IOException notLinux) {
            return architecture();
        }
    }

    private static String architecture() { return System.getProperty("os.arch"); }
}
