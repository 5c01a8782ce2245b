package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.ReadSection;
import dev.fusedit.torch.internal.ops.Schema.Kind;
import dev.fusedit.torch.internal.ops.Schema.ListOf;
import dev.fusedit.torch.internal.ops.Schema.Maybe;
import dev.fusedit.torch.internal.ops.Schema.Plain;
import dev.fusedit.torch.internal.ops.Schema.Type;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Java values as a schema's types: whole numbers and codes as Long, others as Double, lists as List.
final class Arguments {
    private Arguments() {}

    /// @throws IllegalArgumentException saying what was given instead
    static @Nullable Object convert(Type type, @Nullable Object value) {
        return switch (type) {
            case Maybe(var of) -> value == null ? null : convert(of, value);
            case ListOf(var of, int length) -> list(of, length, value);
            case Plain(var kind) -> plain(kind, value);
        };
    }

    private static List<@Nullable Object> list(Type of, int length, @Nullable Object value) {
        if (length > 0 && value instanceof Number) {
            return Collections.nCopies(length, convert(of, value));
        }
        var items = new ArrayList<@Nullable Object>();
        if (value instanceof Iterable<?> list) {
            list.forEach(item -> items.add(convert(of, item)));
        } else if (value != null && value.getClass().isArray()) {
            for (int i = 0; i < Array.getLength(value); i++) {
                items.add(convert(of, Array.get(value, i)));
            }
        } else {
            throw wrong(value);
        }
        return items;
    }

    private static Object plain(Kind kind, @Nullable Object value) {
        var converted = switch (kind) {
            case TENSOR -> value instanceof Tensor ? value : null;
            case INT -> isWhole(value) ? (Object) ((Number) value).longValue() : null;
            case FLOAT -> value instanceof Number number ? (Object) number.doubleValue() : null;
            case BOOL -> value instanceof Boolean ? value : null;
            case STRING -> value instanceof String ? value : null;
            case SCALAR -> isWhole(value) ? (Object) ((Number) value).longValue() : value instanceof Number number ? number.doubleValue()
                    : value instanceof Boolean ? value : null;
            case DTYPE -> value instanceof DType dtype ? (Object) (long) dtype.code() : null;
            case DEVICE -> value instanceof Device device ? device.available()
                    : value instanceof String text ? Device.parse(text).available() : null;
            case MEMORY_FORMAT -> value instanceof String text ? memoryFormat(text) : null;
            case LAYOUT -> "strided".equals(value) ? (Object) 0L : null;
            case GENERATOR, OTHER -> null;
        };
        if (converted == null) {
            throw wrong(value);
        }
        return converted;
    }

    private static boolean isWhole(@Nullable Object value) {
        return value instanceof Long || value instanceof Integer || value instanceof Short || value instanceof Byte;
    }

    /// Numbers as c10::MemoryFormat has them.
    private static Long memoryFormat(String text) {
        return switch (text) {
            case "contiguous" -> 0L;
            case "preserve" -> 1L;
            case "channels_last" -> 2L;
            default -> throw wrong(text);
        };
    }

    private static IllegalArgumentException wrong(@Nullable Object value) {
        return new IllegalArgumentException(value == null ? "null" : value instanceof Tensor ? "a Tensor"
                : value.getClass().getSimpleName() + (value.getClass().isArray() ? "" : " " + value));
    }

    /// `set_data` puts data of another dtype into a tensor.
    static void forgetDtypes(@Nullable Object value) {
        if (value instanceof Tensor tensor) {
            tensor.forgetDtype();
        } else if (value instanceof List<?> list) {
            list.forEach(Arguments::forgetDtypes);
        }
    }

    static void requireOpen(String op, @Nullable Object value, ReadSection section) {
        if (value instanceof Tensor tensor) {
            tensor.open(op, section);
        } else if (value instanceof List<?> list) {
            list.forEach(item -> requireOpen(op, item, section));
        }
    }
}
