package dev.fusedit.trainer.eval.blocks;

import dev.fusedit.trainer.data.blocks.BlockShape;

/// How a shape looks at pixel centres after a Gaussian blur: 1 inside, 0 outside, the normal distribution across its edges.
/// Exact for squares and crosses; for circles and triangles as near as the blur is small beside them.
final class Template {
    private static final int STEPS = 256;
    private static final int REACH = 4;
    private static final double[] NORMAL = normal();

    private Template() {}

    /// Where a shape is and how soft: centre of its box, half its width and height, the standard deviation across its edges; in pixels.
    /// A sharp edge has 0.29 (one over the root of twelve), as a pixel averages over its own area.
    record Place(double x, double y, double halfWidth, double halfHeight, double soft) {
        double size() { return halfWidth + halfHeight; }
    }

    /// Fills `out` for the window's pixels, row by row.
    static void fill(BlockShape shape, Place at, Window window, double[] out) {
        double soft = at.soft;
        switch (shape) {
            case CIRCLE -> circle(at, soft, window, out);
            case TRIANGLE -> triangle(at, soft, window, out);
            case SQUARE -> {
                var columns = strip(window.left(), window.width(), at.x, at.halfWidth, soft);
                var rows = strip(window.top(), window.height(), at.y, at.halfHeight, soft);
                for (int y = 0, i = 0; y < rows.length; y++)
                    for (double column : columns) out[i++] = rows[y] * column;
            }
            case CROSS -> {
                var columns = strip(window.left(), window.width(), at.x, at.halfWidth, soft);
                var rows = strip(window.top(), window.height(), at.y, at.halfHeight, soft);
                var thinColumns = strip(window.left(), window.width(), at.x, at.halfWidth / 3, soft);
                var thinRows = strip(window.top(), window.height(), at.y, at.halfHeight / 3, soft);
                for (int y = 0, i = 0; y < rows.length; y++)
                    for (int x = 0; x < columns.length; x++)
                        out[i++] = rows[y] * thinColumns[x] + thinRows[y] * columns[x] - thinRows[y] * thinColumns[x];
            }
        }
    }

    private static double[] strip(int first, int count, double centre, double half, double soft) {
        var values = new double[count];
        for (int i = 0; i < count; i++) {
            double off = first + i + 0.5 - centre;
            values[i] = normal((off + half) / soft) - normal((off - half) / soft);
        }
        return values;
    }

    private static void circle(Place at, double soft, Window window, double[] out) {
        double radius = (at.halfWidth + at.halfHeight) / 2;
        for (int y = 0, i = 0; y < window.height(); y++) {
            double down = (window.top() + y + 0.5 - at.y) / at.halfHeight;
            for (int x = 0; x < window.width(); x++) {
                double right = (window.left() + x + 0.5 - at.x) / at.halfWidth;
                out[i++] = normal((1 - Math.sqrt(down * down + right * right)) * radius / soft);
            }
        }
    }

    private static void triangle(Place at, double soft, Window window, double[] out) {
        double slope = at.halfWidth / (2 * at.halfHeight);
        double perpendicular = 1 / (soft * Math.sqrt(1 + slope * slope));
        for (int y = 0, i = 0; y < window.height(); y++) {
            double down = window.top() + y + 0.5 - at.y;
            double base = normal((at.halfHeight - down) / soft);
            double half = (down + at.halfHeight) * slope;
            for (int x = 0; x < window.width(); x++) {
                double right = window.left() + x + 0.5 - at.x;
                out[i++] = base * normal((half - right) * perpendicular) * normal((half + right) * perpendicular);
            }
        }
    }

    /// The normal distribution, from a table.
    private static double normal(double z) {
        double at = (z + REACH) * STEPS;
        if (at <= 0) return 0;
        if (at >= NORMAL.length - 1) return 1;
        int i = (int) at;
        return NORMAL[i] + (at - i) * (NORMAL[i + 1] - NORMAL[i]);
    }

    /// By Simpson's rule from -4 up, scaled to end at 1.
    private static double[] normal() {
        var table = new double[2 * REACH * STEPS + 1];
        double step = 1.0 / STEPS;
        for (int i = 1; i < table.length; i++) {
            double z = -REACH + i * step;
            table[i] = table[i - 1] + (density(z - step) + 4 * density(z - step / 2) + density(z)) * step / 6;
        }
        double all = table[table.length - 1];
        for (int i = 0; i < table.length; i++) table[i] /= all;
        return table;
    }

    private static double density(double z) { return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI); }
}
