package dev.fusedit.trainer.bench;

import dev.fusedit.torch.DType;
import dev.fusedit.trainer.log.ProgressLine;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What to expect of a measurement before it begins, and what is wrong with how it was asked for.
public final class BenchForecast {
    /// What a workload reaches of its product's rate: 0.4 to 0.85 in `benchmarks/RESULTS.md`.
    private static final double SHARE = 0.6;
    /// Repetitions besides those that are warming up or count: one under the profile, and parts by themselves.
    private static final int BESIDES = 2;
    /// bf16 that is slower than f32 by less than this may be the machine's mood.
    private static final double SLOWER = 1.5;
    /// Repetitions belie the forecast if the whole will take so many times as long, and so many seconds. The first one is the coldest.
    private static final double BELIED_BY_FIRST = 4;
    private static final double BELIED = 2;
    private static final double LONG_SECONDS = 60;

    private BenchForecast() {}

    /// A warning, before anything is measured; null if each thread has a core.
    public static @Nullable String oversubscribed(int threads, int cores) {
        return threads <= cores ? null
                : ("%d threads on %d %s: they wait for one another, and a repetition can take many times as long. "
                        + "--threads %d is what there is room for")
                        .formatted(threads, cores, cores == 1 ? "core" : "cores", cores);
    }

    /// A warning; null if the dtype is about as fast as f32, or faster.
    public static @Nullable String slowPrecision(DType dtype, TrialMatmul matmul) {
        double factor = matmul.f32() / matmul.rate();
        return factor < SLOWER ? null
                : String.format(Locale.ROOT,
                        "%s: this CPU multiplies it %.1f times slower than f32 (%.3g against %.3g GFLOP/s). --dtype f32 is faster",
                        dtype, factor, matmul.rate() / 1e9, matmul.f32() / 1e9);
    }

    /// Seconds of one repetition.
    public static double seconds(Workload workload, TrialMatmul matmul) { return workload.flops() / (SHARE * matmul.rate()); }

    /// Seconds of the whole measurement.
    public static double seconds(Workload workload, BenchOptions options, TrialMatmul matmul) {
        return repetitions(workload, options) * seconds(workload, matmul);
    }

    private static int repetitions(Workload workload, BenchOptions options) {
        return Bench.warmUp(workload, options.device()) + options.repetitions() + BESIDES;
    }

    /// `train-s f32: about 0:12 for 20 repetitions to warm up and 5 that count, by one product at 86 GFLOP/s (2 threads)`
    public static String line(Workload workload, BenchOptions options, TrialMatmul matmul) {
        return String.format(Locale.ROOT,
                "%s: about %s for %d repetitions to warm up and %d that count, by one matmul at %.3g GFLOP/s (%s)",
                options.name(workload), ProgressLine.clock(seconds(workload, options, matmul)),
                Bench.warmUp(workload, options.device()),
                options.repetitions(), matmul.rate() / 1e9, options.place());
    }

    /// After one of the first repetitions, which tells more than a matmul.
    ///
    /// @param isFirst whether nothing was repeated before
    /// @param took seconds
    /// @return null if it agrees with the forecast, or the whole is short
    public static @Nullable String corrected(Workload workload, BenchOptions options, TrialMatmul matmul, boolean isFirst, double took) {
        double whole = repetitions(workload, options) * took;
        double belied = isFirst ? BELIED_BY_FIRST : BELIED;
        return whole < LONG_SECONDS || whole < belied * seconds(workload, options, matmul) ? null
                : String.format(Locale.ROOT, "%s: a repetition took %.3g s; about %s in all if the others do too", options.name(workload),
                        took,
                        ProgressLine.clock(whole));
    }
}
