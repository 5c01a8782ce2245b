package dev.fusedit.trainer.bench.curves;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.log.LinePlot;
import dev.fusedit.trainer.log.LinePlot.Mark;
import dev.fusedit.trainer.log.LinePlot.Series;
import dev.fusedit.trainer.log.PngImage;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// A curve as images, both axes logarithmic: what was measured in dots, what was planned in rings, the power law as a line.
final class CurvePlots {
    private CurvePlots() {}

    /// Seconds of a step. The needed work is drawn as the time that it would take at the best rate of the curve.
    static PngImage time(Curve curve) {
        double best = curve.measured().stream().map(Point.Measured::rate).max(Comparator.naturalOrder()).orElse(Double.NaN);
        var series = ImmutableList.<Series>builder();
        series.add(series("measured", Mark.DOTS, curve.measured(), point -> point.cost().median()));
        addLaw(series, "time", curve, curve.time());
        series.add(series("needed work at the best rate", Mark.NONE, curve.points(), point -> point.task().workload().flops() / best));
        var planned = curve.planned().stream().filter(point -> point.seconds() != null).toList();
        if (!planned.isEmpty()) {
            series.add(series("by plan", Mark.RINGS, planned, point -> Objects.requireNonNull(point.seconds())));
        }
        return plot(curve, "Seconds of a training step", "seconds", series.build());
    }

    /// Peak of the process, what of it is above the base, and the plan.
    static PngImage memory(Curve curve) {
        var series = ImmutableList.<Series>builder();
        series.add(series("peak, measured", Mark.DOTS, curve.measured(), point -> point.cost().peakMiB()));
        addLaw(series, curve.memoryName(), curve, curve.memory());
        series.add(series("peak, by plan", Mark.RINGS, curve.points(), point -> point.task().plannedMiB()));
        series.add(series("above base, measured", Mark.DOTS, curve.measured(), point -> point.cost().aboveBaseMiB()));
        return plot(curve, "MiB of a training step", "MiB", series.build());
    }

    private static PngImage plot(Curve curve, String title, String yLabel, List<Series> series) {
        return LinePlot.powers(title, curve.quantity().toString(), yLabel, series).image();
    }

    private static <P extends Point> Series series(String name, Mark mark, List<P> points, ToDoubleFunction<P> value) {
        return new Series(name, points.stream().mapToDouble(point -> point.task().x()).toArray(),
                points.stream().mapToDouble(value).toArray(),
                mark);
    }

    private static void addLaw(ImmutableList.Builder<Series> series, String y, Curve curve, @Nullable PowerLaw law) {
        if (law != null) {
            series.add(new Series(law.words(y, curve.quantity().toString()), new double[] {law.from(), law.to()},
                    new double[] {law.at(law.from()), law.at(law.to())}));
        }
    }
}
