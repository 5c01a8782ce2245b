package dev.fusedit.trainer.log;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/// Curves over steps, or over anything else: each series faint as it is, and smoothed in full colour.
///
/// @param logX whether the horizontal axis is logarithmic; points at 0 or below are then left out
/// @param logScale the same of the vertical axis
/// @param xLabel below the horizontal axis
/// @param yLabel above the vertical one
/// @param smoothing weight of the past in the moving average, 0 for none; less for a series of few points, of which it would be too far behind
public record LinePlot(String title, String xLabel, String yLabel, List<Series> series, boolean logX, boolean logScale, double smoothing)
        implements Plot {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 520;
    private static final int LEFT = 76;
    private static final int RIGHT = 24;
    private static final int TOP = 48;
    private static final int BOTTOM = 52;
    private static final int MARGIN = 8;
    /// The moving average reaches back over no more than this part of a series.
    private static final double MOST_REACH = 0.1;
    private static final int CAP = 4;
    static final int INK = 0x333333;
    static final int FAINT = 0xe4e4e4;
    static final int[] COLORS = {0x1f6fb4, 0xe07b1a, 0x2e9e48, 0xc8373a, 0x8459b5, 0x7f5a4d, 0xd46fb3, 0x4d4d4d};

    public LinePlot {
        checkArgument(smoothing >= 0 && smoothing < 1, "smoothing must be from 0 to below 1, but is %s", smoothing);
        series = ImmutableList.copyOf(series);
    }

    public LinePlot(String title, String xLabel, String yLabel, List<Series> series, boolean logScale, double smoothing) {
        this(title, xLabel, yLabel, series, false, logScale, smoothing);
    }

    /// Both axes logarithmic: powers are straight lines. They mostly rise, so the legend is on the left.
    public static LinePlot powers(String title, String xLabel, String yLabel, List<Series> series) {
        return new LinePlot(title, xLabel, yLabel, series, true, true, 0);
    }

    /// What is drawn at each point, beside the line through all.
    public enum Mark { NONE, DOTS, RINGS }

    /// A point that is not finite is left out.
    ///
    /// @param low lower ends of the points' intervals; no numbers for none
    /// @param high upper ends
    public record Series(String name, double[] x, double[] y, Mark mark, double[] low, double[] high) {
        private static final double[] NONE = {};

        public Series {
            checkArgument(x.length == y.length, "series '%s' has %s x but %s y", name, x.length, y.length);
            checkArgument(low.length == high.length && (low.length == 0 || low.length == y.length),
                    "series '%s' has %s y but %s and %s ends of intervals", name, y.length, low.length, high.length);
        }

        public Series(String name, double[] x, double[] y, Mark mark) { this(name, x, y, mark, NONE, NONE); }

        public Series(String name, double[] x, double[] y) { this(name, x, y, Mark.NONE); }

        public Series named(String other) { return new Series(other, x, y, mark, low, high); }

        private DoubleStream heights() {
            return DoubleStream.concat(DoubleStream.of(y), DoubleStream.concat(DoubleStream.of(low), DoubleStream.of(high)));
        }
    }

    /// 900 x 520 pixels.
    @Override
    public PngImage image() {
        var canvas = new Canvas(WIDTH, HEIGHT, 0xffffff);
        var horizontal = axis(series.stream().flatMapToDouble(one -> DoubleStream.of(one.x)), logX, LEFT, WIDTH - RIGHT);
        var vertical = axis(series.stream().flatMapToDouble(Series::heights), logScale, HEIGHT - BOTTOM, TOP);
        grid(canvas, horizontal, vertical);
        for (int i = 0; i < series.size(); i++) curve(canvas, series.get(i), COLORS[i % COLORS.length], horizontal, vertical);
        legend(canvas);
        canvas.text((WIDTH - 2 * Alphabet.width(title)) / 2, 14, title, INK, 2);
        canvas.text(LEFT + (WIDTH - LEFT - RIGHT - Alphabet.width(xLabel)) / 2, HEIGHT - 20, xLabel, INK);
        canvas.text(Math.max(MARGIN, LEFT - Alphabet.width(yLabel)), TOP - 16, yLabel, INK);
        return canvas.image();
    }

    private static Axis axis(DoubleStream values, boolean log, int from, int to) {
        var range = values.filter(value -> Double.isFinite(value) && !(log && value <= 0)).summaryStatistics();
        return range.getCount() == 0 ? Axis.of(log ? 1 : 0, log ? 10 : 1, log, from, to)
                : Axis.of(range.getMin(), range.getMax(), log, from, to);
    }

    private static void grid(Canvas canvas, Axis horizontal, Axis vertical) {
        for (double tick : vertical.ticks()) {
            int y = (int) Math.round(vertical.pixel(tick));
            canvas.rectangle(LEFT, y, WIDTH - LEFT - RIGHT, 1, FAINT);
            String label = Axis.label(tick);
            canvas.text(LEFT - 8 - Alphabet.width(label), y - 3, label, INK);
        }
        for (double tick : horizontal.ticks()) {
            int x = (int) Math.round(horizontal.pixel(tick));
            canvas.rectangle(x, TOP, 1, HEIGHT - TOP - BOTTOM, FAINT);
            canvas.rectangle(x, HEIGHT - BOTTOM, 1, 5, INK);
            String label = Axis.label(tick);
            canvas.text(x - Alphabet.width(label) / 2, HEIGHT - BOTTOM + 9, label, INK);
        }
        canvas.rectangle(LEFT, TOP, 1, HEIGHT - TOP - BOTTOM, INK);
        canvas.rectangle(LEFT, HEIGHT - BOTTOM, WIDTH - LEFT - RIGHT, 1, INK);
    }

    private record Point(double x, double y) {}

    private void curve(Canvas canvas, Series one, int color, Axis horizontal, Axis vertical) {
        var points = new ArrayList<Point>();
        for (int i = 0; i < one.x.length; i++)
            if (Double.isFinite(one.x[i]) && Double.isFinite(one.y[i]) && !(logX && one.x[i] <= 0) && !(logScale && one.y[i] <= 0))
                points.add(new Point(one.x[i], one.y[i]));
        if (smoothing > 0) strokes(canvas, points, color, 0.25, horizontal, vertical);
        var smooth = smoothed(points);
        strokes(canvas, smooth, color, 1, horizontal, vertical);
        intervals(canvas, one, color, horizontal, vertical);
        for (var point : smooth) mark(canvas, one.mark, horizontal.pixel(point.x), vertical.pixel(point.y), color);
    }

    private void intervals(Canvas canvas, Series one, int color, Axis horizontal, Axis vertical) {
        for (int i = 0; i < one.low.length; i++) {
            boolean drawn = Double.isFinite(one.x[i]) && Double.isFinite(one.low[i]) && Double.isFinite(one.high[i])
                    && !(logX && one.x[i] <= 0) && !(logScale && one.low[i] <= 0);
            if (!drawn) continue;
            double x = horizontal.pixel(one.x[i]), low = vertical.pixel(one.low[i]), high = vertical.pixel(one.high[i]);
            canvas.line(x, low, x, high, 1, color, 0.6);
            for (double end : new double[] {low, high}) canvas.line(x - CAP, end, x + CAP, end, 1, color, 0.6);
        }
    }

    private static void mark(Canvas canvas, Mark mark, double x, double y, int color) {
        if (mark == Mark.NONE) return;
        canvas.line(x, y, x, y, 9, color, 1);
        if (mark == Mark.RINGS) canvas.line(x, y, x, y, 5, 0xffffff, 1);
    }

    private List<Point> smoothed(List<Point> points) {
        var values = smoothed(points.stream().mapToDouble(Point::y).toArray(), smoothing);
        return IntStream.range(0, values.length).mapToObj(i -> new Point(points.get(i).x, values[i])).toList();
    }

    /// The moving average of a series, as it is drawn in full colour.
    public double[] smoothed(Series one) { return smoothed(one.y, smoothing); }

    /// The moving average, whose bias is corrected: what it has not seen does not count as 0, which dividing by 1 - β^t does (Adam's way). An
    /// average over 1 / (1 - β) points is behind by as many: so it is over a tenth of the series at most.
    static double[] smoothed(double[] values, double smoothing) {
        double beta = Math.min(smoothing, Math.max(0, 1 - 1 / (MOST_REACH * values.length)));
        var smooth = new double[values.length];
        double sum = 0, unseen = 1;
        for (int i = 0; i < values.length; i++) {
            sum = beta * sum + (1 - beta) * values[i];
            unseen *= beta;
            smooth[i] = sum / (1 - unseen);
        }
        return smooth;
    }

    private static void strokes(Canvas canvas, List<Point> points, int color, double alpha, Axis horizontal, Axis vertical) {
        double thickness = alpha == 1 ? 2 : 1;
        if (points.size() == 1) canvas.line(horizontal.pixel(points.getFirst().x), vertical.pixel(points.getFirst().y),
                horizontal.pixel(points.getFirst().x), vertical.pixel(points.getFirst().y), 5, color, alpha);
        for (int i = 1; i < points.size(); i++)
            canvas.line(horizontal.pixel(points.get(i - 1).x), vertical.pixel(points.get(i - 1).y), horizontal.pixel(points.get(i).x),
                    vertical.pixel(points.get(i).y), thickness, color, alpha);
    }

    private void legend(Canvas canvas) {
        int textWidth = series.stream().map(Series::name).map(Alphabet::width).max(Comparator.naturalOrder()).orElse(0);
        if (textWidth == 0) return;
        int x = logX ? LEFT + 8 : WIDTH - RIGHT - textWidth - 44;
        canvas.rectangle(x, TOP + 8, textWidth + 36, 12 + series.size() * 14, 0xffffff);
        for (int i = 0; i < series.size(); i++) {
            int y = TOP + 16 + i * 14;
            canvas.line(x + 6, y + 3.5, x + 22, y + 3.5, 3, COLORS[i % COLORS.length], 1);
            mark(canvas, series.get(i).mark, x + 14, y + 3.5, COLORS[i % COLORS.length]);
            canvas.text(x + 30, y, series.get(i).name, INK);
        }
    }
}
