package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.Torch.Named;
import dev.fusedit.torch.Torch.Results;
import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.abi.Handles;
import dev.fusedit.torch.internal.abi.Op;
import dev.fusedit.torch.internal.abi.ReadSection;
import dev.fusedit.torch.internal.ops.Aten;
import dev.fusedit.torch.internal.ops.Defaults;
import dev.fusedit.torch.internal.ops.Schema;
import dev.fusedit.torch.internal.ops.Schema.Kind;
import dev.fusedit.torch.internal.ops.Schema.ListOf;
import dev.fusedit.torch.internal.ops.Schema.Maybe;
import dev.fusedit.torch.internal.ops.Schema.Plain;
import dev.fusedit.torch.internal.ops.Schema.Type;
import dev.fusedit.torch.internal.ops.Schemas;
import dev.fusedit.torch.javacpp.BoxedCalls;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// A call by schema: arguments are bound and converted first (all that can be wrong is found there), then encoded and run.
record GenericCall(Schema schema, Op op) {
    private static final Map<String, GenericCall> KNOWN = new ConcurrentHashMap<>();

    static GenericCall find(String name, String overload) {
        return KNOWN.computeIfAbsent(name + "." + overload, _ -> {
            var schemas = Schemas.of(Libtorch.load().version());
            var full = name.contains("::") ? name : "aten::" + name;
            var schema = schemas.find(full, overload).orElseThrow(() -> new IllegalArgumentException(unknown(schemas, full, overload)));
            return of(schema);
        });
    }

    static GenericCall of(Schema schema) {
        return new GenericCall(schema, Op.qualified(schema.name(), schema.overload(), schema.arguments().size()));
    }

    private static String unknown(Schemas schemas, String name, String overload) {
        var similar = String.join(", ", schemas.similar(name, overload));
        if (!schemas.overloads(name).isEmpty()) {
            return "%s has no overload \"%s\" in libtorch %s. There are %s".formatted(name, overload, Libtorch.info().version(), similar);
        }
        return "libtorch %s has no operator %s%s".formatted(Libtorch.info().version(), name,
                similar.isEmpty() ? "" : ". Did you mean " + similar + "?");
    }

    Results call(@Nullable Object[] given) {
        var values = bind(given);
        if (carried(values)) {
            return run(values);
        }
        var substitute = ScalarSubstitutes.find(schema, values);
        return substitute != null ? substitute.get() : BoxedCalls.call(schema, op, values);
    }

    // ---- from Java values to the schema's

    private List<@Nullable Object> bind(@Nullable Object[] given) {
        var values = new ArrayList<@Nullable Object>();
        var parameters = schema.arguments();
        int positional = 0;
        while (positional < given.length && !(given[positional] instanceof Named)) {
            checkArgument(positional < parameters.size(), "%s: takes %s arguments, got %s", schema, parameters.size(), given.length);
            values.add(convert(positional, given[positional++]));
        }
        for (int i = positional; i < parameters.size(); i++) {
            var parameter = parameters.get(i);
            var named = named(given, parameter.name());
            checkArgument(named != null || parameter.defaultText() != null, "%s: argument '%s' is missing", schema, parameter.name());
            values.add(named != null ? convert(i, named.value()) : Defaults.parse(parameter.type(), parameter.defaultText()));
        }
        for (int i = positional; i < given.length; i++) {
            checkNamed(given[i], positional);
        }
        return values;
    }

    private void checkNamed(@Nullable Object given, int positional) {
        checkArgument(given instanceof Named, "%s: arguments by position come before named ones", schema);
        var name = ((Named) given).name();
        var index = schema.arguments().stream().map(Schema.Argument::name).toList().indexOf(name);
        checkArgument(index >= 0, "%s: there is no argument '%s'", schema, name);
        checkArgument(index >= positional, "%s: argument '%s' is given by position already", schema, name);
    }

    private static @Nullable Named named(@Nullable Object[] given, String name) {
        return (Named) Arrays.stream(given).filter(value -> value instanceof Named named && named.name().equals(name)).findFirst()
                .orElse(null);
    }

    private @Nullable Object convert(int index, @Nullable Object value) {
        var parameter = schema.arguments().get(index);
        try {
            return Arguments.convert(parameter.type(), value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "%s: argument %d '%s' takes %s, got %s".formatted(schema, index + 1, parameter.name(), parameter.type(),
                            value == null ? "null" : e.getMessage()));
        }
    }

    // ---- through the C ABI

    private boolean carried(List<@Nullable Object> values) {
        for (int i = 0; i < values.size(); i++) {
            if (values.get(i) != null && !schema.arguments().get(i).type().encodable()) {
                return false;
            }
        }
        return schema.returns().stream().allMatch(Type::encodable);
    }

    Results run(List<@Nullable Object> values) {
        var frame = Frame.begin(op);
        try (var section = ReadSection.enter()) { // what is open at first stays so until all is encoded
            values.forEach(value -> Arguments.requireOpen(schema.name(), value, section));
            for (int i = 0; i < values.size(); i++) {
                frame.word(encode(frame, schema.arguments().get(i).type(), values.get(i)));
            }
        }
        var words = frame.call(schema.returns().size());
        values.forEach(Arguments::forgetDtypes);
        var results = new ArrayList<@Nullable Object>();
        for (int i = 0; i < words.length; i++) {
            results.add(decode(frame, schema.returns().get(i), words[i]));
        }
        return new Results(java.util.Collections.unmodifiableList(results));
    }

    private static long encode(Frame frame, Type type, @Nullable Object value) {
        return switch (type) {
            case Maybe(var of) -> value == null ? 0 : frame.newOptional(encode(frame, of, value));
            case ListOf(var of, _) -> frame.newList(((List<?>) value).stream().mapToLong(item -> encode(frame, of, item)).toArray());
            case Plain _ -> switch (value) {
                case Tensor tensor -> frame.newTensor(tensor);
                case Long number -> number;
                case Double number -> Double.doubleToRawLongBits(number);
                case Boolean flag -> flag ? 1 : 0;
                case String text -> frame.newString(text);
                case Device device -> (long) device.kind().code() << 32 | device.index() & 0xFFFFFFFFL;
                case null, default -> throw new IllegalStateException("cannot encode " + value);
            };
        };
    }

    private @Nullable Object decode(Frame frame, Type type, long word) {
        return switch (type) {
            case ListOf(var of, _) -> {
                var items = new ArrayList<@Nullable Object>();
                for (var item : frame.listWords(word)) {
                    items.add(decode(frame, of, item));
                }
                yield java.util.Collections.unmodifiableList(items);
            }
            case Plain(var kind) when kind == Kind.TENSOR -> tensor(word);
            case Plain(var kind) when kind == Kind.BOOL -> (word & 1) != 0;
            case Plain(var kind) when kind == Kind.FLOAT -> Double.longBitsToDouble(word);
            case Plain _ -> word;
            case Maybe _ -> throw new UnsupportedOperationException(schema + " gives what may be missing, and that is not read");
        };
    }

    private @Nullable Tensor tensor(long handle) {
        if (Handles.defined(handle)) {
            return schema.name().equals("aten::_neg_view") ? Tensor.resolved(Aten.RESOLVE_NEG, handle) : Tensor.resolved(handle);
        }
        Handles.delete(handle);
        return null;
    }

    @Override
    public String toString() { return schema.toString(); }
}
