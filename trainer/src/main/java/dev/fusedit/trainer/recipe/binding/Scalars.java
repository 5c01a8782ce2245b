package dev.fusedit.trainer.recipe.binding;

import dev.fusedit.torch.io.NearMisses;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/// Numbers, switches, words. A quoted number is a text, and `1e-4` is a number, which YAML 1.1 denies.
public final class Scalars {
    /// What stands for a number that the machine decides on.
    public static final String AUTO = "auto";
    private static final Pattern WHOLE = Pattern.compile("[-+]?(0|[1-9][0-9]*(_[0-9]+)*)");
    private static final Pattern NUMBER =
            Pattern.compile("[-+]?(([0-9]+(_[0-9]+)*)(\\.[0-9]*)?([eE][-+]?[0-9]+)?|\\.[0-9]+([eE][-+]?[0-9]+)?)");
    /// Readers of YAML 1.1 take it for an octal number, those of 1.2 for a decimal one.
    private static final Pattern LEADING_ZEROS = Pattern.compile("[-+]?0[0-9_]+");
    private static final Pattern OTHER_BASE = Pattern.compile("(?i)[-+]?0(x[0-9a-f_]+|o[0-7_]+|b[01_]+)");
    private static final Pattern SIXTIES = Pattern.compile("[-+]?[0-9]+(:[0-5]?[0-9])+(\\.[0-9]*)?");
    private static final Pattern NOT_FINITE = Pattern.compile("(?i)[-+]?\\.?(inf|infinity|nan)");
    private static final Pattern COMMA = Pattern.compile("[-+]?[0-9]+,[0-9]+");
    private static final Pattern PERCENT = Pattern.compile("[-+]?[0-9.]+ ?%");
    private static final Pattern YES_OR_NO = Pattern.compile("(?i)(y|yes|on|1|n|no|off|0|t|f|true|false)");

    private Scalars() {}

    /// @return empty if it is no such value, which is told
    static Optional<Object> parse(Class<?> type, Node.Scalar scalar, Where where, Problems problems) {
        if (type.isEnum()) return constant(type, scalar, where, problems);
        var value = parse(type, scalar);
        if (value.isEmpty()) problems.add(scalar, scalar.place(), where.self() + " must be " + wanted(type, scalar));
        return value;
    }

    private static Optional<Object> parse(Class<?> type, Node.Scalar scalar) {
        try {
            if (type == int.class || type == Integer.class) return Optional.of(Integer.parseInt(whole(scalar)));
            if (type == long.class || type == Long.class) return Optional.of(Long.parseLong(whole(scalar)));
            if (type == OptionalInt.class)
                return Optional.of(scalar.text().equals(AUTO) ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(whole(scalar))));
            if (type == double.class || type == Double.class) return Optional.of(number(scalar));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
        if ((type == boolean.class || type == Boolean.class) && scalar.type() == Node.Scalar.Type.BOOLEAN)
            return Optional.of(scalar.text().equals("true"));
        if (type == String.class && scalar.type() == Node.Scalar.Type.TEXT) return Optional.of(scalar.text());
        return Optional.empty();
    }

    private static String whole(Node.Scalar scalar) {
        if (scalar.type() != Node.Scalar.Type.NUMBER || !WHOLE.matcher(scalar.text()).matches()) throw new NumberFormatException();
        return scalar.text().replace("_", "");
    }

    private static double number(Node.Scalar scalar) {
        if (isQuoted(scalar) || !NUMBER.matcher(scalar.text()).matches() || LEADING_ZEROS.matcher(scalar.text()).matches())
            throw new NumberFormatException();
        double number = Double.parseDouble(scalar.text().replace("_", ""));
        if (!Double.isFinite(number)) throw new NumberFormatException();
        return number;
    }

    /// What YAML takes for a text but reads as a plain number was in quotes; with an exponent alone it was not.
    private static boolean isQuoted(Node.Scalar scalar) {
        return scalar.type() == Node.Scalar.Type.TEXT && NUMBER.matcher(scalar.text()).matches() && !scalar.text().matches(".*[eE].*");
    }

    private static Optional<Object> constant(Class<?> type, Node.Scalar scalar, Where where, Problems problems) {
        List<? extends Enum<?>> constants = Arrays.stream(type.getEnumConstants()).map(constant -> (Enum<?>) constant).toList();
        var words = constants.stream().map(Names::constant).toList();
        int index = words.indexOf(scalar.text());
        if (index >= 0) return Optional.of(constants.get(index));
        problems.add(scalar, scalar.place(), "unknown value '" + scalar.text() + "' for " + where.self() + "."
                + Names.suggestion(scalar.text(), words));
        return Names.meant(scalar.text(), words).map(word -> constants.get(words.indexOf(word)));
    }

    // ---- sentences

    /// `a whole number, but is '1e3' (write 1000)`
    private static String wanted(Class<?> type, Node.Scalar scalar) {
        boolean tooLarge = isWhole(type) && scalar.type() == Node.Scalar.Type.NUMBER && WHOLE.matcher(scalar.text()).matches();
        if (tooLarge) return describe(type) + " from " + (isLong(type) ? Long.MIN_VALUE + " to " + Long.MAX_VALUE
                : Integer.MIN_VALUE + " to " + Integer.MAX_VALUE) + ", but is " + scalar.text();
        String hint = type == String.class ? "a text that looks like something else goes into quotes"
                : type == boolean.class || type == Boolean.class ? switchHint(scalar) : numberHint(type, scalar);
        return describe(type) + ", but is " + Node.describe(scalar) + (hint.isEmpty() ? "" : " (" + hint + ")");
    }

    private static String switchHint(Node.Scalar scalar) {
        if (scalar.type() == Node.Scalar.Type.BOOLEAN || !YES_OR_NO.matcher(scalar.text()).matches()) return "";
        boolean yes = scalar.text().matches("(?i)(y|yes|on|1|t|true)");
        return "write " + yes;
    }

    private static String numberHint(Class<?> type, Node.Scalar scalar) {
        String text = scalar.text();
        if (isQuoted(scalar)) return "in quotes it is a text";
        if (LEADING_ZEROS.matcher(text).matches()) return "with a zero in front some readers of YAML take it for octal: write it without";
        if (OTHER_BASE.matcher(text).matches()) return "write it with decimal digits";
        if (SIXTIES.matcher(text).matches()) return "some readers of YAML count in sixties with ':': write it as one decimal number";
        if (NOT_FINITE.matcher(text).matches()) return "it must be finite";
        if (COMMA.matcher(text).matches()) return "a point, not a comma, goes before the fraction";
        if (PERCENT.matcher(text).matches()) return "write the number without '%'";
        if (!NUMBER.matcher(text).matches())
            return type == OptionalInt.class && !NearMisses.of(text, List.of(AUTO)).isEmpty() ? "did you mean '" + AUTO + "'?" : "";
        double number = Double.parseDouble(text.replace("_", ""));
        if (!Double.isFinite(number)) return "the largest number is about 1.8e308";
        return isWhole(type) && number == Math.rint(number) && Math.abs(number) < 1e15 ? "write " + (long) number : "";
    }

    private static boolean isLong(Class<?> type) { return type == long.class || type == Long.class; }

    private static boolean isWhole(Class<?> type) {
        return type == int.class || type == Integer.class || isLong(type) || type == OptionalInt.class;
    }

    static String describe(Class<?> type) {
        if (type == OptionalInt.class) return AUTO + " or a whole number";
        if (isWhole(type)) return "a whole number";
        if (type == double.class || type == Double.class) return "a number";
        if (type == boolean.class || type == Boolean.class) return "true or false";
        return type.isEnum() ? "a word" : "a text";
    }
}
