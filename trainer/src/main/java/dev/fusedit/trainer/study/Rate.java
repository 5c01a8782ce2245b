package dev.fusedit.trainer.study;

import java.math.BigDecimal;
import java.math.MathContext;

/// Learning rates, and minutes, to six digits: products of factors are what a person would write.
final class Rate {
    private static final MathContext DIGITS = new MathContext(6);

    private Rate() {}

    static double rounded(double rate) { return new BigDecimal(rate).round(DIGITS).doubleValue(); }

    /// `0.002`, `2E-7`, `30`
    static String text(double rate) {
        var digits = new BigDecimal(rate).round(DIGITS).stripTrailingZeros();
        return digits.scale() < 0 ? digits.toPlainString() : digits.toString();
    }
}
