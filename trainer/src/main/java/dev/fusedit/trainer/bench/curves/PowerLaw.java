package dev.fusedit.trainer.bench.curves;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;
import java.util.Locale;

/// y = factor · x^exponent, by least squares of log y over log x.
///
/// @param error standard error of the exponent: of 2 points there is none (NaN)
/// @param rSquared part of the variance of log y that the law explains
/// @param from smallest x that was looked at
/// @param to largest
public record PowerLaw(double exponent, double error, double factor, double rSquared, int points, double from, double to) {
    /// @throws IllegalArgumentException unless there are two different x at least, and all is above 0
    public static PowerLaw of(double[] x, double[] y) {
        checkArgument(x.length == y.length, "%s x but %s y", x.length, y.length);
        int n = x.length;
        double[] u = logarithms(x), v = logarithms(y);
        double meanU = mean(u), meanV = mean(v), uu = 0, uv = 0, vv = 0;
        for (int i = 0; i < n; i++) {
            uu += (u[i] - meanU) * (u[i] - meanU);
            uv += (u[i] - meanU) * (v[i] - meanV);
            vv += (v[i] - meanV) * (v[i] - meanV);
        }
        checkArgument(n >= 2 && uu > 0, "a power law is fitted to two different x at least, got %s", Arrays.toString(x));
        double slope = uv / uu;
        double unexplained = Math.max(0, vv - slope * uv);
        return new PowerLaw(slope, n > 2 ? Math.sqrt(unexplained / (n - 2) / uu) : Double.NaN, Math.exp(meanV - slope * meanU),
                vv == 0 ? 1 : 1 - unexplained / vv, n, Arrays.stream(x).min().orElseThrow(), Arrays.stream(x).max().orElseThrow());
    }

    private static double[] logarithms(double[] values) {
        checkArgument(Arrays.stream(values).allMatch(value -> value > 0 && Double.isFinite(value)), "there are no logarithms of %s",
                Arrays.toString(values));
        return Arrays.stream(values).map(Math::log).toArray();
    }

    private static double mean(double[] values) { return Arrays.stream(values).average().orElse(0); }

    public double at(double x) { return factor * Math.pow(x, exponent); }

    /// `time ~ tokens^1.07`
    public String words(String y, String x) { return String.format(Locale.ROOT, "%s ~ %s^%.2f", y, x, exponent); }

    /// `± 0.02, R² 0.999, 4 points`
    public String certainty() {
        var fit = String.format(Locale.ROOT, "R² %.3f, %d points", rSquared, points);
        return Double.isNaN(error) ? fit : String.format(Locale.ROOT, "± %.2f, %s", error, fit);
    }
}
