package dev.fusedit.torch.internal.ops;

import dev.fusedit.torch.internal.ops.Schema.Kind;
import dev.fusedit.torch.internal.ops.Schema.ListOf;
import dev.fusedit.torch.internal.ops.Schema.Maybe;
import dev.fusedit.torch.internal.ops.Schema.Plain;
import dev.fusedit.torch.internal.ops.Schema.Type;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Default values as schemas print them, as Java values: Long, Double, Boolean, String, List, null.
public final class Defaults {
    private Defaults() {}

    public static @Nullable Object parse(Type type, String text) {
        return switch (type) {
            case Maybe(var of) -> text.equals("None") ? null : parse(of, text);
            case ListOf(var of, _) when text.startsWith("[") -> list(of, text.substring(1, text.length() - 1));
            case ListOf(var of, int length) -> List.copyOf(java.util.Collections.nCopies(length, parse(of, text)));
            case Plain(var kind) -> value(kind, text);
        };
    }

    private static List<@Nullable Object> list(Type of, String inner) {
        return inner.isBlank() ? List.of()
                : Arrays.<String>stream(inner.split(", ")).<@Nullable Object>map(item -> parse(of, item)).toList();
    }

    private static Object value(Kind kind, String text) {
        return switch (kind) {
            case BOOL -> text.equals("True") || text.equals("1");
            case FLOAT -> Double.valueOf(text);
            case STRING -> text.substring(1, text.length() - 1);
            case SCALAR -> number(text);
            case INT, DTYPE, LAYOUT, MEMORY_FORMAT -> Long.valueOf(text);
            case TENSOR, DEVICE, GENERATOR, OTHER -> throw new IllegalStateException("a default of type " + kind + ": " + text);
        };
    }

    private static Object number(String text) {
        if (text.equals("True") || text.equals("False")) {
            return text.equals("True");
        }
        return text.matches("-?\\d+") ? (Object) Long.valueOf(text) : Double.valueOf(text); // the cast keeps a Long from becoming a double
    }
}
