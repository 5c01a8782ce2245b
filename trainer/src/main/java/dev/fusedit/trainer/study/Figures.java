package dev.fusedit.trainer.study;

import java.util.Locale;

/// Numbers in tables.
final class Figures {
    static final String NONE = "-";

    private Figures() {}

    /// Four digits.
    static String text(double value) { return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4g", value) : NONE; }

    /// `0.4710 (0.4690 to 0.4730)`
    static String text(double value, double low, double high) {
        return Double.isFinite(low) && Double.isFinite(high) ? "%s (%s to %s)".formatted(text(value), text(low), text(high)) : text(value);
    }
}
