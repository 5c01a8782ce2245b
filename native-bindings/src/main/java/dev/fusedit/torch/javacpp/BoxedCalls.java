package dev.fusedit.torch.javacpp;

import dev.fusedit.torch.Device;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.LibtorchUnavailable;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.Torch.Results;
import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.internal.abi.Op;
import dev.fusedit.torch.internal.abi.OperandText;
import dev.fusedit.torch.internal.ops.Schema;
import dev.fusedit.torch.internal.ops.Schema.Kind;
import dev.fusedit.torch.internal.ops.Schema.ListOf;
import dev.fusedit.torch.internal.ops.Schema.Maybe;
import dev.fusedit.torch.internal.ops.Schema.Plain;
import dev.fusedit.torch.internal.ops.Schema.Type;
import dev.fusedit.torch.internal.ops.Schemas;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Argument;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.Scalar;
import org.jspecify.annotations.Nullable;

/// Operators that libtorch's C ABI cannot carry, through the dispatcher's boxed entry. For the bridge's own use: callers take
/// [dev.fusedit.torch.Torch].
public final class BoxedCalls {
    private BoxedCalls() {}

    /// @param values as the schema's types, all of them
    public static Results call(Schema schema, Op op, List<@Nullable Object> values) {
        load(schema);
        try (var _ = new PointerScope()) {
            var operator = Dispatcher.singleton().findSchemaOrThrow(schema.name(), schema.overload());
            var parameters = operator.schema().arguments();
            var stack = new IValueVector();
            for (int i = 0; i < values.size(); i++) {
                stack.push_back(value(schema.arguments().get(i).type(), parameters.getPointer(Argument.class, i).type(), values.get(i)));
            }
            try {
                operator.callBoxed(stack);
            } catch (RuntimeException e) {
                throw new TorchException(op.name(), sentence(e), operands(values));
            }
            var results = new ArrayList<@Nullable Object>();
            for (long i = 0; i < stack.size(); i++) {
                results.add(result(stack.get(i)));
            }
            return new Results(Collections.unmodifiableList(results));
        }
    }

    private static void load(Schema schema) {
        try {
            TorchJni.load();
        } catch (LibtorchUnavailable e) {
            var scalars = schema.arguments().stream().filter(argument -> !argument.type().encodable()).map(Schema.Argument::name)
                    .collect(Collectors.joining(", "));
            var others = Schemas.of(Libtorch.info().version()).overloads(schema.name()).stream().filter(Schema::encodable)
                    .map(other -> "\"" + other.overload() + "\"").collect(Collectors.joining(", "));
            throw new LibtorchUnavailable("%s cannot be called: libtorch's C ABI does not carry its arguments (%s), and %s%s"
                    .formatted(schema.fullName(), scalars, e.getMessage(),
                            others.isEmpty() ? "" : " Overloads that take tensors instead: " + others + "."),
                    e);
        }
    }

    /// @param known the same type as libtorch holds it, for the element types of lists
    private static IValue value(Type type, org.bytedeco.pytorch.Type.TypePtr known, @Nullable Object value) {
        return switch (type) {
            case Maybe(var of) -> value == null ? new IValue() : value(of, known.get().containedType(0), value);
            case ListOf(var of, _) -> list(of, known.get().containedType(0), (List<?>) value);
            case Plain(var kind) -> switch (value) {
                case Tensor tensor -> new IValue(JavaCppTensors.toJavaCpp(tensor));
                case Long number -> kind == Kind.SCALAR ? new IValue(new Scalar(number.longValue())) : new IValue(number.longValue());
                case Double number -> kind == Kind.SCALAR ? new IValue(new Scalar(number.doubleValue())) : new IValue(number.doubleValue());
                case Boolean flag -> new IValue(flag.booleanValue());
                case String text -> new IValue(text);
                case Device device -> new IValue(new org.bytedeco.pytorch.Device(device.toString()));
                case null, default -> throw new IllegalArgumentException("%s cannot be passed as %s".formatted(value, kind));
            };
        };
    }

    private static IValue list(Type of, org.bytedeco.pytorch.Type.TypePtr element, @Nullable List<?> values) {
        var list = new GenericList(element);
        if (values != null) {
            values.forEach(item -> list.push_back(value(of, element, item)));
        }
        return new IValue(list);
    }

    private static @Nullable Object result(IValue value) {
        if (value.isTensor()) {
            return value.toTensor().defined() ? JavaCppTensors.fromJavaCpp(value.toTensor()) : null;
        }
        if (value.isInt()) {
            return value.toInt();
        }
        if (value.isDouble()) {
            return value.toDouble();
        }
        if (value.isBool()) {
            return value.toBool();
        }
        if (value.isTensorList()) {
            var tensors = value.toTensorVector();
            var list = new ArrayList<Tensor>();
            for (long i = 0; i < tensors.size(); i++) {
                list.add(JavaCppTensors.fromJavaCpp(tensors.get(i)));
            }
            return List.copyOf(list);
        }
        return value.isNone() ? null : "a value that has no Java type here";
    }

    /// The first line; C++ frames follow it.
    private static String sentence(RuntimeException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given");
    }

    private static List<String> operands(List<@Nullable Object> values) {
        return values.stream().filter(Tensor.class::isInstance).map(tensor -> OperandText.of((Tensor) tensor)).toList();
    }
}
