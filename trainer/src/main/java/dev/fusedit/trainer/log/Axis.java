package dev.fusedit.trainer.log;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Values to pixels, with ticks at round numbers: 1, 2 or 5 times a power of ten.
///
/// @param from pixel of `low`
/// @param to pixel of `high`
record Axis(double low, double high, boolean log, int from, int to, List<Double> ticks) {
    private static final int TICKS = 6;

    /// An axis that holds both values and begins and ends at ticks (linear) or a little outside (logarithmic).
    static Axis of(double low, double high, boolean log, int from, int to) {
        if (log) {
            double lower = low / 1.1;
            double upper = Math.max(high, low * 1.5) * 1.1;
            return new Axis(lower, upper, true, from, to, logTicks(lower, upper));
        }
        double span = high - low;
        if (!(span > Math.abs(high) * 1e-12)) span = Math.max(Math.abs(high), 1) * 0.1;
        double step = roundStep(span / TICKS);
        double first = Math.floor(low / step + 1e-9);
        double last = Math.max(Math.ceil((low + span) / step - 1e-9), first + 1);
        var ticks = new ArrayList<Double>();
        for (double i = first; i <= last; i++) ticks.add(i * step);
        return new Axis(first * step, last * step, false, from, to, ticks);
    }

    /// The largest of 1, 2, 5 times a power of ten that is not above twice the wish.
    private static double roundStep(double wish) {
        double power = Math.pow(10, Math.floor(Math.log10(wish)));
        double leading = wish / power;
        return power * (leading <= 1 ? 1 : leading <= 2 ? 2 : leading <= 5 ? 5 : 10);
    }

    private static List<Double> logTicks(double low, double high) {
        double decades = Math.log10(high / low);
        double[] leading = decades > 4 ? new double[] {1} : decades > 1.5 ? new double[] {1, 2, 5} : new double[] {1, 1.5, 2, 3, 4, 5, 7};
        int stride = Math.max(1, (int) Math.ceil(decades / 8));
        var ticks = new ArrayList<Double>();
        for (int exponent = (int) Math.floor(Math.log10(low)); exponent <= Math.log10(high); exponent += stride)
            for (double digit : leading) {
                double tick = digit * Math.pow(10, exponent);
                if (tick >= low && tick <= high) ticks.add(tick);
            }
        return ticks;
    }

    double pixel(double value) {
        double place = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
        return from + place * (to - from);
    }

    /// As short as it can be said: 0.5, 1500, 2e+06.
    static String label(double tick) {
        if (Math.abs(tick) < 1e-300) return "0";
        double magnitude = Math.abs(tick);
        String text =
                magnitude >= 1e6 || magnitude < 1e-3 ? String.format(Locale.ROOT, "%.3e", tick) : String.format(Locale.ROOT, "%.6f", tick);
        return text.replaceFirst("(\\.[0-9]*?)0+($|e)", "$1$2").replaceFirst("\\.($|e)", "$1");
    }
}
