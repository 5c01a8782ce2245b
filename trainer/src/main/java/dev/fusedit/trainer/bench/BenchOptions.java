package dev.fusedit.trainer.bench;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.host.Host;
import java.util.OptionalInt;

/// How a workload is measured.
///
/// @param dtype of the matmuls, f32 or bf16; with bf16 training keeps f32 masters of what it learns
/// @param threads of libtorch's kernels and of the BLAS
/// @param lanes parts of the batch side by side, each on one thread; empty for as many as a run would have ([Workload#lanes])
/// @param repetitions that count
public record BenchOptions(DType dtype, Device device, int threads, OptionalInt lanes, int repetitions) {
    public BenchOptions {
        checkArgument(dtype == DType.F32 || dtype == DType.BF16, "workloads run in f32 or bf16, got %s", dtype);
        Bound.THREADS.check("threads", threads);
        Bound.THREADS.check("lanes", lanes.orElse(1));
        Bound.COUNT.check("steps", repetitions);
        checkArgument(device.isCpu() || lanes.orElse(1) == 1, "lanes are threads of the CPU: %s computes a batch as one", device);
    }

    /// As many lanes as a run would have.
    public BenchOptions(DType dtype, Device device, int threads, int repetitions) {
        this(dtype, device, threads, OptionalInt.empty(), repetitions);
    }

    int lanes(Workload workload) { return Math.min(lanes.orElseGet(() -> workload.lanes(device)), workload.rows()); }

    /// Cores that this process may use.
    public static int cores() { return Host.here().cores().allowed(); }

    /// Of a workload as it is measured: `train-s f32`, `train-s bf16 cuda:0`.
    String name(Workload workload) { return workload.name() + " " + dtype + (device.isCpu() ? "" : " " + device); }

    /// What computes: `2 threads`, `cuda:0`.
    String place() { return device.isCpu() ? threads + (threads == 1 ? " thread" : " threads") : device.toString(); }

    DTypePolicy policy() { return policy(dtype); }

    DTypePolicy policy(DType dtype) { return (dtype == DType.F32 ? DTypePolicy.F32 : DTypePolicy.MIXED).on(device); }
}
