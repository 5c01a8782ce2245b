package dev.fusedit.trainer.eval.blocks;

import dev.fusedit.trainer.data.blocks.BlockShape;
import dev.fusedit.trainer.eval.blocks.Template.Place;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The place where a shape explains a window best, by least squares (Levenberg-Marquardt over amplitude, centre, size and softness).
///
/// @param strength the object's colour as a multiple of the guess that the window was made with
/// @param error what is left unexplained, as a part of all
record Fit(BlockShape shape, Place place, double strength, double error) {
    private static final int PARAMETERS = 6;
    private static final double STEP = 0.05;
    private static final int ROUNDS = 8;
    /// A round that gains less than this part, or this much, is the last.
    private static final double LITTLE = 0.01;
    private static final double LEAST = 0.001;
    /// A sharp shape explained so well needs no more.
    private static final double FINE = 0.003;
    private static final double SHARP = 0.7;
    private static final double SOFT = 1.2;
    private static final double TOO_SOFT = 2.2;

    /// Every shape's fit, best first. Only those are refined that can still come near the best; of a soft object all, as there the
    /// guesses are poor; of one so soft that it has no shape, no more.
    static List<Fit> all(Window window) {
        var fits = new ArrayList<Fit>();
        for (var shape : BlockShape.values()) fits.add(guess(shape, window));
        fits.sort(Comparator.comparing(Fit::error));
        fits.set(0, fits.getFirst().refine(window));
        double soft = fits.getFirst().place.soft();
        double near = soft > TOO_SOFT ? 0 : soft > SOFT ? 1 : 4 * fits.getFirst().error + 0.05;
        for (int i = 1; i < fits.size(); i++) if (fits.get(i).error < near) fits.set(i, fits.get(i).refine(window));
        fits.sort(Comparator.comparing(Fit::error));
        return fits;
    }

    /// A guess from area, centre and spread: exact for a sharp shape, near for a soft one.
    private static Fit guess(BlockShape shape, Window window) {
        var m = Moments.of(window);
        double spread = Math.sqrt(m.spreadX() / spreadX(shape) / Math.max(1e-6, m.spreadY() / spreadY(shape)));
        double stretch = Math.sqrt(Math.clamp(spread, 0.6, 1.7));
        double half = Math.max(1.5, Math.sqrt(m.area() / area(shape)) / 2);
        double y = shape == BlockShape.TRIANGLE ? m.y() - half / stretch / 3 : m.y();
        return evaluate(shape, new double[] {1, m.x(), y, half * stretch, half / stretch, 0.5}, window);
    }

    /// Part of its box that a shape fills.
    private static double area(BlockShape shape) {
        return switch (shape) {
            case CIRCLE -> Math.PI / 4;
            case SQUARE -> 1;
            case TRIANGLE -> 0.5;
            case CROSS -> 5.0 / 9;
        };
    }

    /// Variance across, of a shape one wide.
    private static double spreadX(BlockShape shape) {
        return switch (shape) {
            case CIRCLE -> 1.0 / 16;
            case SQUARE -> 1.0 / 12;
            case TRIANGLE -> 1.0 / 24;
            case CROSS -> 29.0 / 540;
        };
    }

    private static double spreadY(BlockShape shape) { return shape == BlockShape.TRIANGLE ? 1.0 / 18 : spreadX(shape); }

    /// Improves the guess until it is fine or no longer gets better.
    private Fit refine(Window window) {
        var best = this;
        double damping = 0.01;
        for (int round = 0; round < ROUNDS && !best.isFine(); round++) {
            var next = evaluate(shape, best.step(window, damping), window);
            if (next.error < best.error) {
                boolean done = best.error - next.error < Math.max(LEAST, LITTLE * best.error);
                best = next;
                damping /= 5;
                if (done) break;
            } else {
                damping *= 20;
                if (damping > 100) break;
            }
        }
        return best;
    }

    private boolean isFine() { return error < FINE && place.soft() < SHARP; }

    private double[] parameters() {
        return new double[] {strength, place.x(), place.y(), place.halfWidth(), place.halfHeight(), place.soft()};
    }

    private static Place place(double[] p) { return new Place(p[1], p[2], p[3], p[4], p[5]); }

    private static Fit evaluate(BlockShape shape, double[] p, Window window) {
        p[3] = Math.clamp(p[3], 1.5, 16);
        p[4] = Math.clamp(p[4], 1.5, 16);
        p[5] = Math.clamp(p[5], 0.2, 6);
        var model = new double[window.share().length];
        var place = place(p);
        Template.fill(shape, place, window, model);
        double unexplained = 0;
        double all = 0;
        for (int i = 0; i < model.length; i++) {
            if (!window.own()[i]) continue;
            double left = window.share()[i] - p[0] * model[i];
            unexplained += left * left;
            all += window.share()[i] * window.share()[i];
        }
        return new Fit(shape, place, p[0], unexplained / all);
    }

    /// One Levenberg-Marquardt step from here.
    private double[] step(Window window, double damping) {
        var p = parameters();
        var slopes = slopes(window);
        var left = new double[window.share().length];
        for (int i = 0; i < left.length; i++) left[i] = window.share()[i] - p[0] * slopes[0][i];
        var matrix = new double[PARAMETERS][PARAMETERS + 1];
        for (int a = 0; a < PARAMETERS; a++) {
            for (int b = 0; b <= a; b++) matrix[a][b] = matrix[b][a] = dot(slopes[a], slopes[b]);
            matrix[a][PARAMETERS] = dot(slopes[a], left);
        }
        for (int a = 0; a < PARAMETERS; a++) matrix[a][a] = matrix[a][a] * (1 + damping) + 1e-9;
        var change = solve(matrix);
        for (int k = 0; k < PARAMETERS; k++) p[k] += Math.clamp(change[k], -1, 1);
        return p;
    }

    /// How each pixel changes with each parameter; 0 where a pixel does not count.
    private double[][] slopes(Window window) {
        var slopes = new double[PARAMETERS][window.share().length];
        var p = parameters();
        Template.fill(shape, place, window, slopes[0]);
        for (int i = 0; i < slopes[0].length; i++) if (!window.own()[i]) slopes[0][i] = 0;
        for (int k = 1; k < PARAMETERS; k++) {
            var moved = p.clone();
            moved[k] += STEP;
            Template.fill(shape, place(moved), window, slopes[k]);
            for (int i = 0; i < slopes[k].length; i++)
                slopes[k][i] = window.own()[i] ? (slopes[k][i] - slopes[0][i]) * (p[0] / STEP) : 0;
        }
        return slopes;
    }

    private static double dot(double[] x, double[] y) {
        double even = 0;
        double odd = 0;
        int i = 0;
        for (; i + 1 < x.length; i += 2) {
            even += x[i] * y[i];
            odd += x[i + 1] * y[i + 1];
        }
        return i < x.length ? even + odd + x[i] * y[i] : even + odd;
    }

    /// By Gauss-Jordan; the matrix is positive definite.
    private static double[] solve(double[][] matrix) {
        for (int a = 0; a < PARAMETERS; a++) {
            double pivot = matrix[a][a];
            for (int c = a; c <= PARAMETERS; c++) matrix[a][c] /= pivot;
            for (int r = 0; r < PARAMETERS; r++) {
                if (r == a) continue;
                double factor = matrix[r][a];
                for (int c = a; c <= PARAMETERS; c++) matrix[r][c] -= factor * matrix[a][c];
            }
        }
        var solution = new double[PARAMETERS];
        for (int a = 0; a < PARAMETERS; a++) solution[a] = matrix[a][PARAMETERS];
        return solution;
    }
}
