package dev.fusedit.torch.io;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.io.PtGlobal.DTypeName;
import dev.fusedit.torch.io.PtGlobal.Function;
import dev.fusedit.torch.io.PtGlobal.StorageClass;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The few things that a PyTorch pickle can make.
final class PtValues {
    private static final int LONGEST_NUMBER = 16;

    private PtValues() {}

    /// What Python's call would make.
    static Object call(PtGlobal function, List<?> arguments) {
        if (!(function instanceof Function known)) {
            throw new PickleException("calls a class of storages or a dtype");
        }
        return switch (known) {
            case ORDERED_DICT -> dictionary(arguments);
            case SIZE -> list(argument(arguments, 0));
            case TENSOR -> tensor(arguments, null, 6);
            case TENSOR_WITH_DTYPE -> tensor(arguments, argument(arguments, 6), 7);
            case PARAMETER -> parameter(argument(arguments, 0));
            case AS_IT_IS -> Objects.requireNonNullElseGet(argument(arguments, 0), () -> {
                throw new PickleException("has nothing where a list or dictionary belongs");
            });
        };
    }

    private static Map<Object, @Nullable Object> dictionary(List<?> arguments) {
        var map = new LinkedHashMap<Object, @Nullable Object>();
        if (!arguments.isEmpty()) {
            for (var pair : list(arguments.getFirst())) {
                map.put(key(argument(list(pair), 0)), argument(list(pair), 1));
            }
        }
        return map;
    }

    private static Object parameter(@Nullable Object data) {
        if (data instanceof PtTensor) {
            return data;
        }
        throw new PickleException("makes a parameter of what is no tensor");
    }

    /// Arguments: storage, offset, sizes, strides, requires_grad, hooks; then perhaps flags (conjugate or negated views).
    private static PtTensor tensor(List<?> arguments, @Nullable Object dtype, int flags) {
        if (!(argument(arguments, 0) instanceof PtStorage storage)) {
            throw new PickleException("makes a tensor of what is no storage");
        }
        if (arguments.size() > flags && arguments.get(flags) instanceof Map<?, ?> set && set.containsValue(true)) {
            throw new PickleException("has a tensor that is a conjugate or negated view; save tensor.clone() instead");
        }
        var type = dtype instanceof DTypeName named ? named.dtype() : storage.dtype();
        return new PtTensor(storage, type, integer(argument(arguments, 1)), integers(argument(arguments, 2)),
                integers(argument(arguments, 3)));
    }

    /// A persistent id: 'storage', its class, its key, its device, its elements; in legacy files then key, offset and size of a view on it.
    static PtStorage storage(@Nullable Object id) {
        var parts = list(id);
        if (parts.size() < 5 || !"storage".equals(parts.get(0)) || !(parts.get(1) instanceof StorageClass(DType dtype))
                || !(parts.get(2) instanceof String key)) {
            throw new PickleException("refers to what is no storage");
        }
        var first = parts.size() > 5 && parts.get(5) != null ? integer(argument(list(parts.get(5)), 1)) : 0;
        return new PtStorage(key, dtype, first, integer(parts.get(4)));
    }

    /// Little-endian two's complement.
    static Object number(byte[] bytes) {
        if (bytes.length > LONGEST_NUMBER) {
            throw new PickleException("has a number of %d bytes".formatted(bytes.length));
        }
        if (bytes.length == 0) {
            return 0L;
        }
        var reversed = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            reversed[i] = bytes[bytes.length - 1 - i];
        }
        var number = new BigInteger(reversed);
        return number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
    }

    /// Scalars only: the hash of a container can be made to run for ever.
    static Object key(@Nullable Object key) {
        return switch (key) {
            case String text -> text;
            case Long number -> number;
            case Double number -> number;
            case Boolean truth -> truth;
            case null, default -> throw new PickleException("has a dictionary key that is neither text nor number");
        };
    }

    @SuppressWarnings("unchecked")
    static List<@Nullable Object> list(@Nullable Object value) {
        if (value instanceof List<?> list) {
            return (List<@Nullable Object>) list;
        }
        throw new PickleException("has something else where a list or tuple belongs");
    }

    @SuppressWarnings("unchecked")
    static Map<Object, @Nullable Object> map(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return (Map<Object, @Nullable Object>) map;
        }
        throw new PickleException("has something else where a dictionary belongs");
    }

    private static @Nullable Object argument(List<?> arguments, int index) {
        if (index >= arguments.size()) {
            throw new PickleException("makes a value of too few parts");
        }
        return arguments.get(index);
    }

    private static long integer(@Nullable Object value) {
        if (value instanceof Long number) {
            return number;
        }
        throw new PickleException("has something else where a whole number belongs");
    }

    private static long[] integers(@Nullable Object value) { return list(value).stream().mapToLong(PtValues::integer).toArray(); }
}
