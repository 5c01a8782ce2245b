package dev.fusedit.trainer.pace;

import com.google.common.math.Quantiles;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;

/// Something tried again and again for a while, to know how long it usually takes.
///
/// The first runs in a process are slow (Java's kernels are interpreted at first, libtorch's are made), so the median of the later half
/// counts.
///
/// @param seconds in which a few runs are done, so that there is a later half: after six times as long not even those; one is always done
/// @param most runs
/// @param stopped asked between two runs: true ends the trial with what there is
public record Trials(double seconds, int most, BooleanSupplier stopped) {
    private static final int FEW = 4;
    private static final int PATIENCE = 6;

    public Trials atMost(long runs) { return new Trials(seconds, (int) Math.min(most, runs), stopped); }

    /// @param body returns the seconds that count of it
    double usual(DoubleSupplier body) {
        var all = new ArrayList<Double>();
        long began = System.nanoTime();
        do {
            all.add(body.getAsDouble());
        } while (all.size() < most && (System.nanoTime() - began) / 1e9 < (all.size() < FEW ? PATIENCE : 1) * seconds
                && !stopped.getAsBoolean());
        return later(all);
    }

    /// What a body takes.
    public double took(Runnable body) { return usual(() -> seconds(body)); }

    static double later(List<Double> all) { return Quantiles.median().compute(all.subList(all.size() / 2, all.size())); }

    static double seconds(Runnable body) {
        long began = System.nanoTime();
        body.run();
        return (System.nanoTime() - began) / 1e9;
    }
}
