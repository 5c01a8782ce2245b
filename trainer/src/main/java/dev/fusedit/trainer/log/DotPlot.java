package dev.fusedit.trainer.log;

import com.google.common.collect.ImmutableList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;

/// Rows of dots along one axis, each with its mean and interval: what was measured, and what is believed of it (a forest plot).
///
/// @param xLabel below the axis
/// @param line of reference, such as 0 under differences
public record DotPlot(String title, String xLabel, List<Row> rows, OptionalDouble line) implements Plot {
    private static final int WIDTH = 900;
    private static final int ROW = 34;
    private static final int TOP = 48;
    private static final int BOTTOM = 52;
    private static final int RIGHT = 24;
    private static final int MARGIN = 12;

    /// @param points each drawn as a dot
    /// @param low end of the mean's interval; not finite for none
    public record Row(String name, double[] points, double mean, double low, double high) {}

    public DotPlot {
        rows = ImmutableList.copyOf(rows);
    }

    public DotPlot(String title, String xLabel, List<Row> rows) { this(title, xLabel, rows, OptionalDouble.empty()); }

    /// As wide as a [LinePlot], as high as its rows need.
    @Override
    public PngImage image() {
        int height = TOP + rows.size() * ROW + BOTTOM;
        int left = 2 * MARGIN + rows.stream().map(Row::name).map(Alphabet::width).max(Comparator.naturalOrder()).orElse(0);
        var canvas = new Canvas(WIDTH, height, 0xffffff);
        var range = DoubleStream.concat(line.stream(), rows.stream().flatMapToDouble(DotPlot::numbers)).filter(Double::isFinite)
                .summaryStatistics();
        var axis = range.getCount() == 0 ? Axis.of(0, 1, false, left, WIDTH - RIGHT)
                : Axis.of(range.getMin(), range.getMax(), false, left, WIDTH - RIGHT);
        for (double tick : axis.ticks()) {
            int x = (int) Math.round(axis.pixel(tick));
            canvas.rectangle(x, TOP, 1, height - TOP - BOTTOM, LinePlot.FAINT);
            canvas.text(x - Alphabet.width(Axis.label(tick)) / 2, height - BOTTOM + 9, Axis.label(tick), LinePlot.INK);
        }
        line.ifPresent(at -> canvas.rectangle((int) Math.round(axis.pixel(at)), TOP, 1, height - TOP - BOTTOM, LinePlot.INK));
        for (int i = 0; i < rows.size(); i++)
            draw(canvas, rows.get(i), TOP + i * ROW + ROW / 2, LinePlot.COLORS[i % LinePlot.COLORS.length], axis);
        canvas.text((WIDTH - 2 * Alphabet.width(title)) / 2, 14, title, LinePlot.INK, 2);
        canvas.text(left + (WIDTH - left - RIGHT - Alphabet.width(xLabel)) / 2, height - 20, xLabel, LinePlot.INK);
        return canvas.image();
    }

    private static DoubleStream numbers(Row row) {
        return DoubleStream.concat(DoubleStream.of(row.points), DoubleStream.of(row.mean, row.low, row.high));
    }

    private static void draw(Canvas canvas, Row row, int y, int color, Axis axis) {
        canvas.text(MARGIN, y - Alphabet.HEIGHT / 2, row.name, LinePlot.INK);
        for (double point : row.points)
            if (Double.isFinite(point)) canvas.line(axis.pixel(point), y - 7, axis.pixel(point), y - 7, 6, color, 0.6);
        if (!Double.isFinite(row.mean)) return;
        double mean = axis.pixel(row.mean);
        if (Double.isFinite(row.low) && Double.isFinite(row.high)) {
            canvas.line(axis.pixel(row.low), y + 3, axis.pixel(row.high), y + 3, 2, color, 1);
            for (double end : new double[] {row.low, row.high}) canvas.line(axis.pixel(end), y, axis.pixel(end), y + 6, 2, color, 1);
        }
        canvas.line(mean, y - 1, mean, y + 7, 4, color, 1);
    }
}
