package dev.fusedit.torch;

import dev.fusedit.torch.Torch.Results;
import dev.fusedit.torch.internal.ops.Schema;
import dev.fusedit.torch.internal.ops.Schema.Kind;
import dev.fusedit.torch.internal.ops.Schema.Maybe;
import dev.fusedit.torch.internal.ops.Schema.Plain;
import dev.fusedit.torch.internal.ops.Schema.Type;
import dev.fusedit.torch.internal.ops.Schemas;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Calls with a number where the C ABI can carry a tensor only: the overload of the same name that takes a Tensor in the number's place,
/// with a 0-dim tensor that neither promotes nor loses precision ([Numbers] has the rules).
final class ScalarSubstitutes {
    private static final Type SCALAR = new Plain(Kind.SCALAR);
    private static final Type TENSOR = new Plain(Kind.TENSOR);

    private ScalarSubstitutes() {}

    /// The call to make instead, or null if there is none.
    static @Nullable Supplier<Results> find(Schema schema, List<@Nullable Object> values) {
        var sum = sum(schema, values);
        if (sum != null) {
            return () -> new Results(List.of(sum.get()));
        }
        var operand =
                values.stream().filter(Tensor.class::isInstance).map(Tensor.class::cast).findFirst().orElseGet(() -> firstOfLists(values));
        if (operand == null) {
            return null;
        }
        return Schemas.of(Libtorch.info().version()).overloads(schema.name()).stream().filter(other -> replaces(schema, other)).findFirst()
                .map(other -> (Supplier<Results>) () -> call(schema, GenericCall.of(other), values, operand)).orElse(null);
    }

    private static @Nullable Tensor firstOfLists(List<@Nullable Object> values) {
        return values.stream().filter(List.class::isInstance).flatMap(list -> ((List<?>) list).stream()).filter(Tensor.class::isInstance)
                .map(Tensor.class::cast).findFirst().orElse(null);
    }

    /// add and sub keep a Scalar in every overload: their factor.
    private static @Nullable Supplier<Tensor> sum(Schema schema, List<@Nullable Object> values) {
        var sign = schema.name().equals("aten::add") ? 1 : schema.name().equals("aten::sub") ? -1 : 0;
        if (sign == 0 || !List.of("Tensor", "Scalar").contains(schema.overload()) || !(values.getLast() instanceof Number alpha)) {
            return null;
        }
        var self = (Tensor) Objects.requireNonNull(values.get(0));
        if (!alpha.equals(1L)) {
            return values.get(1) instanceof Tensor other && (self.isFloating() || other.isFloating())
                    ? () -> self.addScaled(other, sign * alpha.doubleValue())
                    : null;
        }
        return switch (values.get(1)) {
            case Tensor other -> () -> sign > 0 ? self.add(other) : self.sub(other);
            case Long number -> () -> sign > 0 ? self.add(number) : self.sub(number);
            case Double number -> () -> sign > 0 ? self.add(number) : self.sub(number);
            case null, default -> null;
        };
    }

    private static boolean replaces(Schema schema, Schema other) {
        if (other.arguments().size() != schema.arguments().size() || !other.returns().equals(schema.returns()) || !other.encodable()) {
            return false;
        }
        for (int i = 0; i < schema.arguments().size(); i++) {
            var from = schema.arguments().get(i).type();
            var to = other.arguments().get(i).type();
            var number = from.equals(SCALAR) || from.equals(new Maybe(SCALAR));
            if (number ? !to.equals(TENSOR) && !to.equals(new Maybe(TENSOR)) : !to.equals(from)) {
                return false;
            }
        }
        return true;
    }

    /// A 0-dim operand would compare dtypes with the number as equals, so it is shown as rank 1 meanwhile.
    private static Results call(Schema schema, GenericCall other, List<@Nullable Object> values, Tensor operand) {
        var lift = operand.rank() == 0 && schema.returns().equals(List.of(TENSOR))
                && values.stream().filter(Tensor.class::isInstance).count() == 1;
        return TensorScope.scoped(() -> {
            var replaced = new ArrayList<@Nullable Object>(values);
            for (int i = 0; i < values.size(); i++) {
                var type = schema.arguments().get(i).type();
                if (values.get(i) != null && (type.equals(SCALAR) || type.equals(new Maybe(SCALAR)))) {
                    replaced.set(i, tensor(schema, operand, values.get(i)));
                } else if (lift && values.get(i) == operand) {
                    replaced.set(i, operand.reshape(1));
                }
            }
            var results = other.run(replaced);
            return lift ? new Results(List.of(results.tensor().reshape())) : results;
        });
    }

    private static Tensor tensor(Schema schema, Tensor operand, @Nullable Object number) {
        var value = number instanceof Boolean flag ? Long.valueOf(flag ? 1 : 0) : (Number) Objects.requireNonNull(number);
        if (schema.name().startsWith("aten::lerp") || schema.name().startsWith("aten::_foreach_lerp")) {
            return Tensor.scalar(value.doubleValue(), operand.dtype()); // wants one dtype everywhere
        }
        return value instanceof Long whole ? Tensor.of(new long[] {whole}).reshape()
                : Tensor.scalar(value.doubleValue(),
                        operand.isFloating() || schema.name().startsWith("aten::masked_fill") ? DType.F64 : DType.F32);
    }
}
