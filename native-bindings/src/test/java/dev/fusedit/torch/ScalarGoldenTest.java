package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.torch.internal.ops.Schema.Kind;
import dev.fusedit.torch.internal.ops.Schema.Maybe;
import dev.fusedit.torch.internal.ops.Schema.Plain;
import dev.fusedit.torch.internal.ops.Schemas;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Operators with a number give what PyTorch gives, or refuse what it refuses: values, dtype and shape, by [Torch#call].
/// `goldens/scalars.json` is written by `src/test/python/scalar_golden.py`.
@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class ScalarGoldenTest {
    private static final int SHOWN = 60;

    @Test
    void numbersMeanWhatTheyMeanToPyTorch() throws Exception {
        var golden = golden();
        var wrong = new ArrayList<String>();
        var cases = 0;
        for (var overload : golden.get("overloads")) {
            for (var kase : overload.get("cases")) {
                cases++;
                var title = "%s %s %s".formatted(overload.get("op").asText(), overload.get("overload").asText(), kase.get(0));
                try (var _ = TensorScope.open()) {
                    var difference = difference(golden.get("inputs"), overload, kase);
                    if (!difference.isEmpty()) {
                        wrong.add(title + ": " + difference);
                    }
                }
            }
        }
        assertThat(cases).isGreaterThan(10_000);
        assertThat(wrong.stream().limit(SHOWN)).as("%s of %s cases", wrong.size(), cases).isEmpty();
    }

    /// Every operator that is called otherwise stands in the golden.
    @Test
    void everySubstituteIsHeldAgainstPyTorch() throws Exception {
        var known = new TreeSet<String>();
        golden().get("overloads").forEach(node -> known.add("aten::" + node.get("op").asText() + "." + node.get("overload").asText()));
        var scalar = new Plain(Kind.SCALAR);
        var rewritten = new TreeSet<String>();
        for (var schema : Schemas.of(Libtorch.info().version()).all()) {
            if (NumberRole.of(schema) != null && schema.arguments().stream().map(argument -> argument.type())
                    .anyMatch(type -> type.equals(scalar) || type.equals(new Maybe(scalar)))) {
                rewritten.add(schema.name() + "." + schema.overload());
            }
        }
        rewritten.removeIf(name -> name.contains("imname")); // names of dimensions: never carried
        assertThat(known).containsAll(rewritten);
    }

    private static JsonNode golden() throws java.io.IOException {
        try (var in = ScalarGoldenTest.class.getResourceAsStream("/goldens/scalars.json")) {
            return new ObjectMapper().readTree(in);
        }
    }

    private static String difference(JsonNode inputs, JsonNode overload, JsonNode kase) {
        var name = overload.get("op").asText();
        var expected = kase.get(1);
        Object got;
        try {
            got = result(inputs, name, overload.get("overload").asText(), kase.get(0));
        } catch (TorchException | IllegalArgumentException e) {
            return expected.asText().equals("refused") ? "" : e.getMessage();
        } catch (LibtorchUnavailable e) {
            return Libtorch.info().source().equals("folder") ? "" : e.getMessage();
        }
        if (expected.asText().equals("refused")) {
            if (kase.get(0).get(kase.get(0).size() - 1).has("o")) {
                return ""; // an `out` of another dtype: overloads with a tensor convert where those with a number refuse
            }
            return "PyTorch refuses it, here it is " + got;
        }
        return compare(name, expected, got);
    }

    private static String compare(String name, JsonNode expected, @Nullable Object got) {
        return switch (got) {
            case List<?> list -> {
                var parts = new ArrayList<String>();
                for (int i = 0; i < list.size(); i++) {
                    parts.add(compare(name, expected.get(i), list.get(i)));
                }
                yield String.join("", parts);
            }
            case Tensor tensor -> compare(name, expected, tensor);
            case Long code -> expected.asText().equals(DType.of(code.intValue()).toString()) ? "" : code + " instead of " + expected;
            case null, default -> got + " instead of " + expected;
        };
    }

    private static String compare(String name, JsonNode expected, Tensor got) {
        var shape = StreamSupport.stream(expected.get("s").spliterator(), false).map(JsonNode::asLong).toList();
        var gotShape = java.util.Arrays.stream(got.shape()).boxed().toList();
        if (!got.dtype().toString().equals(expected.get("d").asText()) || !shape.equals(gotShape)) {
            return "%s%s instead of %s%s".formatted(got.dtype(), gotShape, expected.get("d").asText(), shape);
        }
        var actual = got.toDoubles();
        for (int i = 0; i < actual.length; i++) {
            if (!same(name, got.dtype(), number(expected.get("v").get(i)), actual[i])) {
                return "%s instead of %s".formatted(java.util.Arrays.toString(actual), expected.get("v"));
            }
        }
        return "";
    }

    /// Powers, logarithms and series may differ in their last bits: another build's vector code rounds them otherwise.
    private static boolean same(String name, DType dtype, double expected, double actual) {
        var wanted = dtype == DType.F64 || !dtype.isFloating() ? expected : (float) expected;
        if (Double.compare(wanted, actual) == 0 || wanted == actual) {
            return true;
        }
        return dtype.isFloating() && name.matches("_*(foreach_addc|pow|float_power|special_|xlog|logspace|lerp).*")
                && Math.abs(wanted - actual) <= 4 * Rounding.unit(dtype) * Math.abs(wanted);
    }

    private static @Nullable Object result(JsonNode inputs, String name, String overload, JsonNode given) {
        var arguments = new ArrayList<@Nullable Object>();
        Object out = null;
        for (var node : given) {
            var isOut = node.has("o") || node.isArray() && node.path(0).has("o");
            var value = argument(inputs, node);
            if (isOut) {
                out = value;
                arguments.add(Torch.named("out", value));
            } else {
                arguments.add(value);
            }
        }
        var results = Torch.call(name, overload, arguments.toArray());
        var inPlace = name.endsWith("_") && !name.endsWith("__") || name.matches("__i.*");
        return out != null ? out : inPlace ? arguments.getFirst() : results.values().getFirst();
    }

    private static @Nullable Object argument(JsonNode inputs, JsonNode node) {
        if (node.isArray()) {
            return StreamSupport.stream(node.spliterator(), false).map(item -> argument(inputs, item)).toList();
        }
        if (node.has("o")) {
            return Tensor.empty(dtype(node.get("o")), 0);
        }
        if (node.has("t")) {
            return input(inputs.get(node.get("t").asText()));
        }
        return node.isNull() ? null : node.isBoolean() ? (Object) node.booleanValue()
                : node.isIntegralNumber() ? (Object) node.longValue() : node.isNumber() ? (Object) node.doubleValue() : node.asText();
    }

    private static Tensor input(JsonNode node) {
        var values = StreamSupport.stream(node.get("v").spliterator(), false).mapToDouble(ScalarGoldenTest::number).toArray();
        var shape = StreamSupport.stream(node.get("s").spliterator(), false).mapToLong(JsonNode::asLong).toArray();
        return Tensor.of(values).to(dtype(node.get("d"))).reshape(shape).copy();
    }

    private static DType dtype(JsonNode node) { return DType.valueOf(node.asText().toUpperCase(Locale.ROOT)); }

    private static double number(JsonNode value) {
        return value.isBoolean() ? (value.booleanValue() ? 1 : 0) : switch (value.asText()) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "nan" -> Double.NaN;
            default -> value.asDouble();
        };
    }
}
