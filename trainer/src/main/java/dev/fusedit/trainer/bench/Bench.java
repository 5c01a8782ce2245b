package dev.fusedit.trainer.bench;

import com.google.common.collect.ImmutableMap;
import com.sun.management.ThreadMXBean;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.OpProfile;
import dev.fusedit.trainer.bench.PartTimes.Part;
import dev.fusedit.trainer.stage.ProcessFigures;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;

/// Measures a workload in this process: a few repetitions that do not count, those that do, one under the profile, then what the machine
/// reaches at best.
public final class Bench {
    private Bench() {}

    public static BenchResult run(Workload workload, BenchOptions options) {
        Libtorch.setThreads(options.threads());
        try (var work = Work.of(workload, options)) {
            int warmUp = work.warmUp();
            for (int i = 0; i < warmUp; i++) {
                work.repeat(i);
            }
            var seconds = new ArrayList<Double>();
            var values = new ArrayList<Double>();
            for (int i = 0; i < options.repetitions(); i++) {
                long start = System.nanoTime();
                values.add(work.repeat(warmUp + i));
                seconds.add((System.nanoTime() - start) / 1e9);
            }
            long peak = ProcessFigures.peakMiB();
            var calls = calls(work, warmUp + options.repetitions());
            var parts = ImmutableMap.<Part, Double>builder().putAll(work.parts()).put(Part.BRIDGE, calls.outside()).buildOrThrow();
            return new BenchResult(workload, options, seconds, values, peak, work.weightsDtype(), calls.count(), calls.javaBytes(), parts,
                    MatmulPeak.of(options.dtype(), options.device()));
        }
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
