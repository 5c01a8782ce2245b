package dev.fusedit.cli;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.LibtorchInfo;
import dev.fusedit.torch.LibtorchUnavailable;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.cuda.CudaDevices;
import dev.fusedit.torch.host.Cores;
import dev.fusedit.torch.host.Cpu;
import dev.fusedit.torch.host.Host;
import dev.fusedit.torch.host.Memory;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.run.AutoSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What this machine offers, and what is wrong with it. Made without libtorch too, for then it is needed most.
///
/// @param libtorch null if none could be loaded; `problems` then says why and what to do
/// @param threads CPU threads of one op
/// @param cores that this process may keep busy, and that there are
/// @param precision that `auto` takes for the quickstart; null without libtorch
/// @param lanes that `auto` takes for it; 0 without libtorch
@JsonNaming(SnakeCaseStrategy.class)
record Checkup(boolean ok, String jdk, @Nullable Torch libtorch, CpuFeatures cpu, Cores cores, MemoryLimits memory, int threads,
        @Nullable Precision precision, int lanes, List<Processor> devices, List<String> problems) {
    record Torch(String version, String path, String source) {
        Torch(LibtorchInfo info) { this(info.version(), info.path().toString(), info.source()); }
    }

    /// Instructions of the CPU.
    record CpuFeatures(String name, boolean avx2, boolean avx512, boolean bf16, boolean amx) {
        CpuFeatures(Cpu cpu) { this(cpu.name(), cpu.avx2(), cpu.avx512(), cpu.bf16(), cpu.amx()); }

        @Override
        public String toString() {
            var sets = new ArrayList<String>();
            if (avx2) sets.add("AVX2");
            if (avx512) sets.add("AVX-512");
            if (bf16) sets.add("bf16");
            if (amx) sets.add("AMX");
            return name + (sets.isEmpty() ? "" : " with " + String.join(", ", sets)) + (bf16 ? "" : " (without bf16)");
        }
    }

    /// @param choice as a recipe spells it
    /// @param rates of products of the quickstart's shapes by dtype, in GFLOP/s, on the threads of a lane
    record Precision(String choice, Map<String, Double> rates) {
        Precision(AutoSettings settings) {
            this(settings.recipe().run().precision().word(), settings.rates().flops().entrySet().stream()
                    .collect(ImmutableMap.toImmutableMap(rate -> rate.getKey().toString(),
                            rate -> Math.round(rate.getValue() / 1e8) / 10.0)));
        }

        @Override
        public String toString() {
            return "%s (%s)".formatted(choice, rates.entrySet().stream().map(rate -> rate.getKey() + " at " + rate.getValue() + " GFLOP/s")
                    .collect(Collectors.joining(", ")));
        }
    }

    /// What this process may take.
    ///
    /// @param of what sets the limit, for reading
    @JsonNaming(SnakeCaseStrategy.class)
    record MemoryLimits(long totalMib, long allowedMib, long availableMib, String of) {
        MemoryLimits(Memory memory) {
            this(memory.total() >> 20, memory.allowed() >> 20, memory.available() >> 20, memory.source());
        }

        @Override
        public String toString() {
            return "%,d MiB allowed of %,d, %,d of %s available".formatted(allowedMib, totalMib, availableMib, of);
        }
    }

    /// @param usable false for a CUDA device beside a libtorch that has no CUDA, or does not find it
    @JsonNaming(SnakeCaseStrategy.class)
    record Processor(String device, String name, long memoryMib, boolean usable) {
        static Processor of(CudaDevices.CudaDevice gpu, boolean usable) {
            return new Processor("cuda:" + gpu.index(), gpu.name() + ", compute capability " + gpu.capability(), gpu.memory() >> 20,
                    usable);
        }

        @Override
        public String toString() {
            var unused = usable ? ""
                    : " (not used: this libtorch has no CUDA, or does not find it; FUSEDIT_MAVEN_ARGS=-Pcuda builds with one that has)";
            return "%s: %s, %,d MiB%s".formatted(device, name, memoryMib, unused);
        }
    }

    static Checkup now() {
        var problems = new ArrayList<String>();
        if (Runtime.version().feature() != 25) {
            problems.add("Java " + Runtime.version() + " runs this; 25 is what it is built for. Set JAVA_HOME to a JDK 25.");
        }
        var libtorch = libtorch(problems);
        var host = Host.here();
        int threads = libtorch == null ? host.cores().allowed() : Libtorch.threads();
        var settings =
                libtorch == null ? null : AutoSettings.of(Recipe.find("quickstart", List.of("run.precision=auto", "run.lanes=auto")));
        var jdk = Runtime.version() + " (" + System.getProperty("java.home") + ")";
        var devices = devices(libtorch, host, problems);
        return new Checkup(problems.isEmpty(), jdk, libtorch, new CpuFeatures(host.cpu()), host.cores(), new MemoryLimits(host.memory()),
                threads, settings == null ? null : new Precision(settings),
                settings == null ? 0 : settings.recipe().run().lanes().orElseThrow(), devices, List.copyOf(problems));
    }

    private static List<Processor> devices(@Nullable Torch libtorch, Host host, List<String> problems) {
        var found = CudaDevices.list();
        boolean usable = libtorch != null && !found.isEmpty() && isUsable(problems);
        return Stream.concat(Stream.of(cpu(host)), found.stream().map(gpu -> Processor.of(gpu, usable))).toList();
    }

    /// Whether libtorch finds devices where there are some; that a build for the CPU does not is no problem.
    private static boolean isUsable(List<String> problems) {
        try {
            if (CudaDevices.usable() > 0) return true;
            if (CudaDevices.isBuilt()) problems.add("libtorch finds no CUDA device: " + CudaDevices.reason() + ".");
        } catch (LibtorchUnavailable e) {
            problems.add(String.valueOf(e.getMessage()));
        }
        return false;
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

    private static Processor cpu(Host host) { return new Processor("cpu", host.cpu().name(), host.memory().allowed() >> 20, true); }
}
