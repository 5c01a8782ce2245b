package dev.fusedit.trainer.bench.curves;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.bench.BenchForecast;
import dev.fusedit.trainer.bench.BenchOptions;
import dev.fusedit.trainer.bench.StepCost;
import dev.fusedit.trainer.bench.TrialMatmul;
import dev.fusedit.trainer.plan.Capacity;
import dev.fusedit.trainer.recipe.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// What training steps cost that differ in one quantity.
///
/// @param points by growing value
public record Curve(Quantity quantity, List<Point> points) {
    /// Of the memory that there is, what a step may take: other processes want some too.
    private static final double SHARE_OF_MEMORY = 0.75;
    /// Of a process that loads libtorch and makes a model.
    private static final double START_SECONDS = 2;

    public Curve {
        points = ImmutableList.copyOf(points);
    }

    /// Takes a step's cost, in a process of its own.
    @FunctionalInterface
    public interface Probe {
        /// @return null if the process ended without a result
        @Nullable
        StepCost cost(Task task);
    }

    /// How far measuring goes.
    ///
    /// @param seconds of a step at most, by the rate of the point before
    /// @param bytes that there are, asked anew before each point
    public record Limits(double seconds, LongSupplier bytes) {
        /// As much as this machine has to give.
        public static Limits here(double seconds) { return new Limits(seconds, () -> Capacity.of(Run.Device.CPU).bytes()); }
    }

    /// Measures what time and memory allow, and plans the rest.
    ///
    /// @param progress gets a line for each point
    public static Curve of(Quantity quantity, List<Long> values, BenchOptions options, Limits limits, Probe probe,
            Consumer<String> progress) {
        var points = new ArrayList<Point>();
        Point.Measured last = null;
        for (long value : values.stream().distinct().sorted().toList()) {
            var task = Task.of(quantity, value, options);
            Double seconds = last == null ? null : task.workload().flops() / last.rate();
            var why = hindrance(task, seconds, limits);
            var cost = why == null ? probe.cost(task) : null;
            if (cost == null) {
                points.add(new Point.Planned(task, seconds, why == null ? "its process ended without a result" : why));
            } else {
                last = new Point.Measured(task, cost);
                points.add(last);
            }
            progress.accept(CurveText.line(points.getLast()));
        }
        return new Curve(quantity, points);
    }

    /// Seconds that measuring takes, by one matmul: a point's steps as far as its time allows, nothing where one step takes longer, and
    /// the start of each process.
    public static double forecast(Quantity quantity, List<Long> values, BenchOptions options, double seconds, TrialMatmul matmul) {
        return values.stream().distinct().map(quantity::workload).mapToDouble(workload -> {
            double step = BenchForecast.seconds(workload, matmul);
            return START_SECONDS + (step > seconds ? 0 : Math.min(seconds, StepCost.steps(workload, options) * step));
        }).sum();
    }

    private static @Nullable String hindrance(Task task, @Nullable Double seconds, Limits limits) {
        double allowed = SHARE_OF_MEMORY * limits.bytes.getAsLong();
        if (task.memory().bytes() > allowed) {
            return String.format(Locale.ROOT, "more than the %,.0f MiB that may be taken here", allowed / (1 << 20));
        }
        return seconds != null && seconds > limits.seconds
                ? String.format(Locale.ROOT, "a step would take longer than %s s", limits.seconds)
                : null;
    }

    public List<Point.Measured> measured() {
        return points.stream().filter(Point.Measured.class::isInstance).map(Point.Measured.class::cast).toList();
    }

    public List<Point.Planned> planned() {
        return points.stream().filter(Point.Planned.class::isInstance).map(Point.Planned.class::cast).toList();
    }

    /// How a step's time grows; null where fewer than two points were measured.
    public @Nullable PowerLaw time() { return law(point -> point.cost().median()); }

    /// How the needed work grows, over the same points.
    public @Nullable PowerLaw work() { return law(point -> point.task().workload().flops()); }

    /// How memory grows, over the same points: see [#memory(Point.Measured)].
    public @Nullable PowerLaw memory() { return law(this::memory); }

    /// MiB that grow with the quantity: with parameters the whole process, else what is above the base.
    double memory(Point.Measured point) {
        return quantity == Quantity.PARAMETERS ? point.cost().peakMiB() : point.cost().aboveBaseMiB();
    }

    String memoryName() { return quantity == Quantity.PARAMETERS ? "peak memory" : "memory above base"; }

    /// Over the upper half of the measured points, where what does not grow weighs least; all of them if there are three or fewer.
    private @Nullable PowerLaw law(ToDoubleFunction<Point.Measured> value) {
        var measured = measured();
        int half = Math.min(measured.size(), Math.max(3, (measured.size() + 1) / 2));
        var upper =
                measured.subList(measured.size() - half, measured.size()).stream().filter(point -> value.applyAsDouble(point) > 0).toList();
        return upper.size() < 2 ? null
                : PowerLaw.of(upper.stream().mapToDouble(point -> point.task().x()).toArray(),
                        upper.stream().mapToDouble(value).toArray());
    }
}
