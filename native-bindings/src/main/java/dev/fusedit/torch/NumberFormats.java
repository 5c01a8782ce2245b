package dev.fusedit.torch;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The elements of a tensor as text, all of one width, as PyTorch writes them: fractions with four digits, in scientific notation where
/// their sizes differ by more than a thousand, or one is above 10⁸ or below 10⁻⁴; whole numbers of a floating dtype as `3.`.
///
/// @param elements in row-major order, aligned to the right
/// @param width of one
record NumberFormats(List<String> elements, int width) {
    private static final int DIGITS = 4;

    static NumberFormats of(Tensor values) {
        if (values.isComplex()) {
            var parts = values.viewAsReal();
            return joined(of(parts.select(-1, 0)), of(parts.select(-1, 1)));
        }
        if (values.isFloating()) return floating(values.toDoubles());
        boolean bool = values.dtype() == DType.BOOL;
        return aligned(1, Arrays.stream(values.toLongs()).mapToObj(value -> bool ? value == 1 ? "True" : "False" : Long.toString(value)));
    }

    private static NumberFormats joined(NumberFormats real, NumberFormats imaginary) {
        var elements = IntStream.range(0, real.elements.size()).mapToObj(i -> {
            var part = imaginary.elements.get(i).strip() + "j";
            return real.elements.get(i) + (part.startsWith("-") ? "" : "+") + part;
        });
        return new NumberFormats(elements.toList(), real.width + imaginary.width + 1);
    }

    private static NumberFormats aligned(int least, Stream<String> texts) {
        var all = texts.toList();
        int width = Math.max(least, all.stream().mapToInt(String::length).max().orElse(1));
        return new NumberFormats(all.stream().map(text -> " ".repeat(width - text.length()) + text).toList(), width);
    }

    private static NumberFormats floating(double[] values) {
        var counted = Arrays.stream(values).filter(value -> Double.isFinite(value) && value != 0).toArray();
        double least = Arrays.stream(counted).map(Math::abs).min().orElse(1), most = Arrays.stream(counted).map(Math::abs).max().orElse(1);
        boolean whole = Arrays.stream(counted).allMatch(value -> value == Math.ceil(value));
        boolean scientific = most / least > 1000 || most > 1e8 || least < 1e-4;
        int width = Arrays.stream(counted).mapToObj(value -> text(value, whole, scientific)).mapToInt(String::length).max().orElse(1);
        var texts = Arrays.stream(values).mapToObj(value -> text(value, whole, scientific))
                .map(text -> " ".repeat(Math.max(0, width - text.length())) + text);
        return new NumberFormats(texts.toList(), width); // zeros and what is not finite may stand out, and do not widen a line
    }

    private static String text(double value, boolean whole, boolean scientific) {
        if (Double.isNaN(value)) return "nan";
        var sign = Math.copySign(1, value) < 0 ? "-" : "";
        if (Double.isInfinite(value)) return sign + "inf";
        var size = new BigDecimal(Math.abs(value)); // its decimals are exact, and are rounded once
        if (scientific) return sign + scientific(size);
        if (whole) return sign + size.toBigInteger() + ".";
        return sign + size.setScale(DIGITS, RoundingMode.HALF_EVEN).toPlainString();
    }

    private static String scientific(BigDecimal size) {
        var rounded = size.round(new MathContext(DIGITS + 1, RoundingMode.HALF_EVEN));
        int exponent = rounded.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
        var digits = rounded.signum() == 0 ? rounded : rounded.movePointLeft(exponent);
        return digits.setScale(DIGITS, RoundingMode.UNNECESSARY).toPlainString() + (exponent < 0 ? "e-" : "e+")
                + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }
}
