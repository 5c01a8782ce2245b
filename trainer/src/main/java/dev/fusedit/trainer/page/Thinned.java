package dev.fusedit.trainer.page;

import dev.fusedit.trainer.log.LinePlot;
import java.util.Arrays;

/// A curve of any length in at most [#MOST] points: where there are more, neighbours become one, which has their mean and how far they reach.
/// So much memory, whatever comes; not for several threads.
public final class Thinned {
    static final int MOST = 1_000;

    private final double[] x = new double[MOST];
    private final double[] sum = new double[MOST];
    private final double[] low = new double[MOST];
    private final double[] high = new double[MOST];
    private final int[] count = new int[MOST];
    private int size;
    private int each = 1;

    /// All points of a series that are numbers.
    static LinePlot.Series of(LinePlot.Series series) {
        if (series.x().length <= MOST || series.low().length > 0) return series;
        var thinned = new Thinned();
        for (int i = 0; i < series.x().length; i++) thinned.add(series.x()[i], series.y()[i]);
        return thinned.series(series.name(), series.mark());
    }

    /// A point at or behind the last one; one that is not finite is left out.
    public void add(double atX, double y) {
        if (!Double.isFinite(atX) || !Double.isFinite(y)) return;
        if (size > 0 && count[size - 1] < each) {
            int last = size - 1;
            x[last] += (atX - x[last]) / (count[last] + 1);
            sum[last] += y;
            low[last] = Math.min(low[last], y);
            high[last] = Math.max(high[last], y);
            count[last]++;
            return;
        }
        if (size == MOST) halve();
        x[size] = atX;
        sum[size] = y;
        low[size] = y;
        high[size] = y;
        count[size++] = 1;
    }

    private void halve() {
        for (int i = 0; i < MOST / 2; i++) {
            int a = 2 * i, b = a + 1;
            x[i] = (x[a] * count[a] + x[b] * count[b]) / (count[a] + count[b]);
            sum[i] = sum[a] + sum[b];
            low[i] = Math.min(low[a], low[b]);
            high[i] = Math.max(high[a], high[b]);
            count[i] = count[a] + count[b];
        }
        size = MOST / 2;
        each *= 2;
    }

    /// What is there so far: each point, or means with what they are of as their intervals.
    public LinePlot.Series series(String name, LinePlot.Mark mark) {
        var means = new double[size];
        for (int i = 0; i < size; i++) means[i] = sum[i] / count[i];
        var at = Arrays.copyOf(x, size);
        return each == 1 ? new LinePlot.Series(name, at, means, mark)
                : new LinePlot.Series(name, at, means, mark, Arrays.copyOf(low, size), Arrays.copyOf(high, size));
    }
}
