package dev.fusedit.torch;

import dev.fusedit.torch.Torch.Results;
import dev.fusedit.torch.internal.ops.Schema;
import dev.fusedit.torch.internal.ops.Schema.Kind;
import dev.fusedit.torch.internal.ops.Schema.Maybe;
import dev.fusedit.torch.internal.ops.Schema.Plain;
import dev.fusedit.torch.internal.ops.Schema.Type;
import dev.fusedit.torch.internal.ops.Schemas;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Calls with a number where the C ABI can carry a tensor only: the overload of the same name that takes a Tensor in the number's place,
/// with a tensor that neither promotes nor loses precision ([Numbers] has the rules). Which operators, and what the number is to them, says
/// [NumberRole]; what does not suit is left to JavaCPP, which has libtorch's own answer.
final class ScalarSubstitutes {
    private static final Type SCALAR = new Plain(Kind.SCALAR);
    private static final Type TENSOR = new Plain(Kind.TENSOR);

    private final Schema schema;
    private final NumberRole role;
    private final List<@Nullable Object> values;
    /// Those given, without `out`.
    private final List<Tensor> tensors;

    private ScalarSubstitutes(Schema schema, NumberRole role, List<@Nullable Object> values) {
        this.schema = schema;
        this.role = role;
        this.values = values;
        this.tensors = IntStream.range(0, values.size()).filter(i -> !isOut(i)).mapToObj(values::get)
                .flatMap(value -> value instanceof List<?> list ? list.stream() : Stream.ofNullable(value)).filter(Tensor.class::isInstance)
                .map(Tensor.class::cast).toList();
    }

    /// The call to make instead, or null if there is none.
    static @Nullable Supplier<Results> find(Schema schema, List<@Nullable Object> values) {
        var sum = sum(schema, values);
        if (sum != null) {
            return () -> new Results(List.of(sum.get()));
        }
        var role = NumberRole.of(schema);
        var other = role == null ? null : replacement(schema);
        if (role == null || other == null) {
            return null;
        }
        var call = new ScalarSubstitutes(schema, role, values);
        return call.suits() ? () -> TensorScope.scoped(() -> call.run(GenericCall.of(other))) : null;
    }

    /// add and sub keep a Scalar in every overload: their factor.
    private static @Nullable Supplier<Tensor> sum(Schema schema, List<@Nullable Object> values) {
        var sign = schema.name().equals("aten::add") ? 1 : schema.name().equals("aten::sub") ? -1 : 0;
        if (sign == 0 || !List.of("Tensor", "Scalar").contains(schema.overload()) || !(values.getLast() instanceof Number alpha)) {
            return null;
        }
        var self = (Tensor) Objects.requireNonNull(values.get(0));
        if (self.dtype() == DType.BOOL) {
            return null; // what it promotes to, and what is refused, is libtorch's to say
        }
        if (!alpha.equals(1L)) {
            return values.get(1) instanceof Tensor other && !(self.isInteger() && other.isInteger())
                    ? () -> self.addScaled(other, sign * alpha.doubleValue())
                    : null;
        }
        return switch (values.get(1)) {
            case Tensor other when other.dtype() == DType.BOOL -> null;
            case Tensor other -> () -> sign > 0 ? self.add(other) : self.sub(other);
            case Long number -> () -> sign > 0 ? self.add(number) : self.sub(number);
            case Double number -> () -> sign > 0 ? self.add(number) : self.sub(number);
            case null, default -> null;
        };
    }

    private static @Nullable Schema replacement(Schema schema) {
        return Schemas.of(Libtorch.info().version()).overloads(schema.name()).stream().filter(other -> replaces(schema, other)).findFirst()
                .orElse(null);
    }

    private static boolean replaces(Schema schema, Schema other) {
        if (other.arguments().size() != schema.arguments().size() || !other.returns().equals(schema.returns()) || !other.encodable()) {
            return false;
        }
        for (int i = 0; i < schema.arguments().size(); i++) {
            var from = schema.arguments().get(i).type();
            var to = other.arguments().get(i).type();
            if (isScalar(from) ? !to.equals(TENSOR) && !to.equals(new Maybe(TENSOR)) : !to.equals(from)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isScalar(Type type) { return type.equals(SCALAR) || type.equals(new Maybe(SCALAR)); }

    private boolean isNumber(int i) { return values.get(i) != null && isScalar(schema.arguments().get(i).type()); }

    private boolean isOut(int i) { return schema.arguments().get(i).name().equals("out"); }

    private boolean suits() {
        return IntStream.range(0, values.size()).filter(this::isNumber)
                .allMatch(i -> role.suits(Objects.requireNonNull(values.get(i)), tensors, i == 0));
    }

    private Results run(GenericCall other) {
        var lift = role.lifts() && tensors.stream().anyMatch(tensor -> tensor.rank() == 0);
        var scalar = lift && tensors.stream().allMatch(tensor -> tensor.rank() == 0); // so is the result
        var replaced = new ArrayList<@Nullable Object>(values);
        for (int i = 0; i < values.size(); i++) {
            if (isNumber(i)) {
                replaced.set(i, tensor(Objects.requireNonNull(values.get(i))));
            } else if (scalar && isOut(i)) {
                replaced.set(i, rankOne((Tensor) Objects.requireNonNull(values.get(i))));
            } else if (lift && !isOut(i) && values.get(i) instanceof Tensor tensor && tensor.rank() == 0) {
                replaced.set(i, tensor.reshape(1));
            }
        }
        var results = other.run(replaced);
        if (!scalar || !schema.returns().equals(List.of(TENSOR))) {
            return results;
        }
        var changed = NumberRole.changesItself(schema) ? values.getFirst() : isOut(values.size() - 1) ? values.getLast() : null;
        return new Results(List.of(changed instanceof Tensor tensor ? tensor.anotherHandle() : results.tensor().reshape()));
    }

    /// A view of an `out` that becomes 0-dim.
    private static Tensor rankOne(Tensor out) {
        if (out.rank() > 0) {
            Torch.call("aten::resize_", "", out, new long[0]);
        }
        return out.reshape(1);
    }

    private Tensor tensor(Object number) {
        return switch (role) {
            case OPERAND, BOUND, EXPONENT, CHOICE, KEY, EACH -> number instanceof Double fraction && besideIntegers()
                    ? Tensor.scalar(fraction, DType.F32) // PyTorch's default dtype
                    : exact(number).reshape();
            case WIDE_OPERAND, VALUE -> exact(number).reshape();
            case CONVERTED, WEIGHT -> exact(number).reshape().to(tensors.getFirst().dtype());
            case SOURCE -> exact(number).reshape().to(tensors.getFirst().dtype()).to(tensors.getFirst().device())
                    .expand(tensors.get(1).shape());
            case FACTORS -> exact(number).repeat(((List<?>) Objects.requireNonNull(values.getFirst())).size());
        };
    }

    private boolean besideIntegers() {
        var beside = role == NumberRole.CHOICE ? tensors.subList(1, tensors.size()) : tensors;
        return beside.stream().allMatch(Tensor::isInteger);
    }

    /// One element with all bits of the number.
    private static Tensor exact(Object number) {
        return switch (number) {
            case Boolean flag -> Tensor.of(new boolean[] {flag});
            case Long whole -> Tensor.of(new long[] {whole});
            case Double fraction -> Tensor.of(new double[] {fraction});
            default -> throw new IllegalStateException("no number: " + number);
        };
    }
}
