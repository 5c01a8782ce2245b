package dev.fusedit.trainer.plan;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Ordering;
import com.google.common.math.Quantiles;
import dev.fusedit.torch.host.Host;
import java.lang.management.ManagementFactory;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Whether other work disturbed a measurement of this machine's speed.
///
/// @param load before it began
/// @param spreads of each matmul, those with most work first
public record Busyness(Load load, List<Spread> spreads) {
    /// Matmuls scatter if the slower quarter of their runs takes longer than the shortest by more than a quarter.
    private static final double SCATTER = 1.25;
    /// Shorter matmuls scatter on a quiet machine too.
    private static final double SHORT_SECONDS = 1e-4;
    private static final int FEW_RUNS = 4;

    public Busyness {
        spreads = ImmutableList.copyOf(spreads);
    }

    /// Processes that run or want to.
    ///
    /// @param average of the last minute; negative where the system does not tell
    /// @param cores of the machine: other containers count in the average too
    public record Load(double average, int cores) {
        /// As it is now.
        public static Load now() {
            return new Load(ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(), Host.here().cores().all());
        }

        boolean isHigh() { return average > cores; }

        /// ` (load 0.4 on 2 cores)`; empty where the system does not tell.
        String inBrackets() { return average < 0 ? "" : " (" + this + ")"; }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "load %.1f on %d %s", average, cores, cores == 1 ? "core" : "cores");
        }
    }

    /// Seconds that runs of one matmul took.
    ///
    /// @param usual the upper quartile
    public record Spread(double least, double usual, double most, int runs) {
        /// @param seconds of at least one run
        static Spread of(List<Double> seconds) {
            return new Spread(Ordering.natural().min(seconds), Quantiles.quartiles().index(3).compute(seconds),
                    Ordering.natural().max(seconds),
                    seconds.size());
        }

        private boolean tells() { return runs >= FEW_RUNS && least >= SHORT_SECONDS; }

        private double ratio() { return usual / least; }
    }

    /// The product that scatters as the median one does; null if there is none that tells.
    private @Nullable Spread middle() {
        var telling = spreads.stream().filter(Spread::tells).sorted(Comparator.comparingDouble(Spread::ratio)).toList();
        return telling.isEmpty() ? null : telling.get(telling.size() / 2);
    }

    /// What a person should know of it; null if nothing disturbed.
    public @Nullable String sentence() {
        var middle = middle();
        boolean scatters = middle != null && middle.ratio() > SCATTER;
        if (!scatters && !load.isHigh()) return null;
        var signs = ImmutableList.<String>builder();
        if (load.average() >= 0)
            signs.add(load.toString());
        if (middle != null)
            signs.add(String.format(Locale.ROOT, "the same matmul took %.1f to %.1f ms", 1e3 * middle.least(), 1e3 * middle.most()));
        return "This machine is busy (" + String.join("; ", signs.build()) + "): times below may be too long";
    }
}
