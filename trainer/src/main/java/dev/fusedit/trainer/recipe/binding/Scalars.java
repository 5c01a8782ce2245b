package dev.fusedit.trainer.recipe.binding;

import dev.fusedit.torch.UserError;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/// Numbers, switches, words. A quoted number is a text, and `1e-4` is a number, which YAML 1.1 denies.
public final class Scalars {
    /// What stands for a number that the machine decides on.
    public static final String AUTO = "auto";
    private static final Pattern WHOLE = Pattern.compile("[-+]?[0-9]+(_[0-9]+)*");
    private static final Pattern NUMBER =
            Pattern.compile("[-+]?([0-9]+(_[0-9]+)*)(\\.[0-9]*)?([eE][-+]?[0-9]+)?|[-+]?\\.[0-9]+([eE][-+]?[0-9]+)?");

    private Scalars() {}

    static Object parse(Class<?> type, Node.Scalar scalar, Where where) {
        try {
            if (type == int.class || type == Integer.class) return Integer.parseInt(whole(scalar));
            if (type == long.class || type == Long.class) return Long.parseLong(whole(scalar));
            if (type == OptionalInt.class)
                return scalar.text().equals(AUTO) ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(whole(scalar)));
            if (type == double.class || type == Double.class) return number(scalar);
            if ((type == boolean.class || type == Boolean.class) && scalar.type() == Node.Scalar.Type.BOOLEAN)
                return scalar.text().equals("true");
            if (type == String.class && scalar.type() == Node.Scalar.Type.TEXT) return scalar.text();
        } catch (NumberFormatException e) {
            throw wrong(type, scalar, where);
        }
        if (type.isEnum()) return constant(type, scalar, where);
        throw wrong(type, scalar, where);
    }

    private static String whole(Node.Scalar scalar) {
        if (scalar.type() != Node.Scalar.Type.NUMBER || !WHOLE.matcher(scalar.text()).matches()) throw new NumberFormatException();
        return scalar.text().replace("_", "");
    }

    private static double number(Node.Scalar scalar) {
        // What YAML takes for a text but reads as a plain number was in quotes; with an exponent alone it was not.
        boolean quoted = scalar.type() == Node.Scalar.Type.TEXT && !scalar.text().matches(".*[eE].*");
        if (quoted || !NUMBER.matcher(scalar.text()).matches()) throw new NumberFormatException();
        double number = Double.parseDouble(scalar.text().replace("_", ""));
        if (!Double.isFinite(number)) throw new NumberFormatException();
        return number;
    }

    private static Object constant(Class<?> type, Node.Scalar scalar, Where where) {
        var constants = Arrays.stream(type.getEnumConstants()).map(constant -> (Enum<?>) constant).toList();
        for (var constant : constants) if (Names.constant(constant).equals(scalar.text())) return constant;
        throw new UserError(scalar.place() + ": unknown value '" + scalar.text() + "' for " + where.self() + "."
                + Names.suggestion(scalar.text(), constants.stream().map(Names::constant).toList()));
    }

    private static UserError wrong(Class<?> type, Node.Scalar scalar, Where where) {
        String hint = type == String.class ? " (a text that looks like something else goes into quotes)" : "";
        return new UserError(
                scalar.place() + ": " + where.self() + " must be " + describe(type) + ", but is " + Node.describe(scalar) + hint);
    }

    static String describe(Class<?> type) {
        if (type == int.class || type == Integer.class || type == long.class || type == Long.class) return "a whole number";
        if (type == OptionalInt.class) return "a whole number or " + AUTO;
        if (type == double.class || type == Double.class) return "a number";
        if (type == boolean.class || type == Boolean.class) return "true or false";
        return type.isEnum() ? "a word" : "a text";
    }
}
