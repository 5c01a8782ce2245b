package dev.fusedit.trainer.bench;

import com.google.common.collect.ImmutableMap;
import com.sun.management.ThreadMXBean;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.OpProfile;
import dev.fusedit.torch.cuda.CudaDevices;
import dev.fusedit.trainer.bench.PartTimes.Part;
import dev.fusedit.trainer.stage.ProcessFigures;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.function.Consumer;

/// Measures a workload in this process: a few repetitions that do not count, those that do, one under the profile, then what the machine
/// reaches at best. Whoever follows it hears of each repetition as it ends, and may throw to end the measurement there, where no kernel
/// runs.
public final class Bench {
    /// Java compiles its loops while it runs, on the processors that are measured: so many floating-point operations first, a few seconds
    /// of them, but not endlessly many repetitions of little. For a GPU always the most: Java asks for the work there,
    /// and little of it is done while it compiles.
    private static final double WARM_UP = 700e9;
    private static final int MOST_WARM_UP = 20;

    private Bench() {}

    public static BenchResult run(Workload workload, BenchOptions options) { return run(workload, options, _ -> {}); }

    /// @param follower hears of each repetition outside of what is timed; what it throws ends the measurement
    public static BenchResult run(Workload workload, BenchOptions options, Consumer<Repetition> follower) {
        Libtorch.setThreads(options.threads());
        var stopwatch = Stopwatch.on(options.device());
        try (var work = Work.of(workload, options)) {
            var name = options.name(workload);
            int warmUp = warmUp(workload, options.device());
            for (int i = 0; i < warmUp; i++) {
                int index = i;
                double took = stopwatch.seconds(() -> work.repeat(index));
                follower.accept(new Repetition(name, true, i + 1, warmUp, took));
            }
            var seconds = new ArrayList<Double>();
            var values = new ArrayList<Double>();
            for (int i = 0; i < options.repetitions(); i++) {
                int index = warmUp + i;
                seconds.add(stopwatch.seconds(() -> values.add(work.repeat(index))));
                follower.accept(new Repetition(name, false, i + 1, options.repetitions(), seconds.getLast()));
            }
            long peak = ProcessFigures.peakMiB(options.device());
            var calls = calls(work, warmUp + options.repetitions());
            var parts = ImmutableMap.<Part, Double>builder().putAll(work.parts()).put(Part.BRIDGE, calls.outside()).buildOrThrow();
            return new BenchResult(workload, options, name(options.device()), seconds, values, peak, work.weightsDtype(), work.lanes(),
                    calls.count(),
                    calls.javaBytes(), parts,
                    MatmulPeak.of(options.dtype(), options.device()));
        }
    }

    private static String name(Device device) {
        return device.kind() == Device.Kind.CUDA ? CudaDevices.properties(device.index()).name() : "";
    }

    /// Repetitions that do not count.
    static int warmUp(Workload workload, Device device) { return warmUp(workload, device, workload.isTraining() ? 2 : 1); }

    /// @param least repetitions
    static int warmUp(Workload workload, Device device, int least) {
        return device.isCpu() ? (int) Math.clamp(Math.ceil(WARM_UP / workload.flops()), least, MOST_WARM_UP) : MOST_WARM_UP;
    }

    /// @param outside seconds not spent in libtorch
    private record Calls(long count, double outside, long javaBytes) {}

    private static Calls calls(Work work, int index) {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        long start = System.nanoTime();
        try (var profile = OpProfile.open()) {
            work.repeat(index);
            return new Calls(profile.calls(), (System.nanoTime() - start) / 1e9 - profile.seconds(),
                    threads.getCurrentThreadAllocatedBytes() - before);
        }
    }
}
