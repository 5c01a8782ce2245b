package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// A tensor and a number give what PyTorch gives: dtype of the result and every value, for each dtype, ints and doubles, rank 0 and 1.
/// `goldens/numbers.json` is written by `src/test/python/numbers_golden.py`.
@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class NumbersGoldenTest {
    @Test
    void numbersKeepDtypeAndPrecision() throws Exception {
        JsonNode golden;
        try (var in = NumbersGoldenTest.class.getResourceAsStream("/goldens/numbers.json")) {
            golden = new ObjectMapper().readTree(in);
        }
        var mask = new boolean[8];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = golden.get("mask").get(i).asBoolean();
        }
        var wrong = new ArrayList<String>();
        for (var kase : golden.get("cases")) {
            try (var _ = TensorScope.open()) {
                var input = input(kase, golden.get("inputs"));
                var title = "%s rank %s %s %s %s".formatted(kase.get("dtype").asText(), kase.get("rank").asText(), kase.get("op").asText(),
                        kase.get("integer").asBoolean() ? "int" : "double", kase.get("number").asText());
                try {
                    var result = apply(kase, input, Tensor.of(mask));
                    var difference = difference(kase, result);
                    if (!difference.isEmpty()) {
                        wrong.add(title + ": " + difference);
                    }
                } catch (RuntimeException e) {
                    wrong.add(title + ": " + e);
                }
            }
        }
        assertThat(golden.get("cases").size()).isGreaterThan(3000);
        assertThat(wrong).as("of %s cases", golden.get("cases").size()).isEmpty();
    }

    private static Tensor input(JsonNode kase, JsonNode inputs) {
        var dtype = DType.valueOf(kase.get("dtype").asText().toUpperCase());
        var values = StreamSupport.stream(inputs.get(kase.get("dtype").asText()).spliterator(), false).toList();
        var all = dtype == DType.I64 ? Tensor.of(values.stream().mapToLong(value -> Long.parseLong(value.asText())).toArray())
                : Tensor.of(values.stream().mapToDouble(NumbersGoldenTest::number).toArray()).to(dtype);
        return kase.get("rank").asInt() == 1 ? all : all.select(0, 4);
    }

    private static Tensor apply(JsonNode kase, Tensor x, Tensor mask) {
        if (x.rank() == 0) {
            mask = mask.select(0, 0);
        }
        var text = kase.get("number").asText();
        if (kase.get("integer").asBoolean()) {
            var number = Long.parseLong(text);
            return switch (kase.get("op").asText()) {
                case "add" -> x.add(number);
                case "sub" -> x.sub(number);
                case "mul" -> x.mul(number);
                case "div" -> x.div(number);
                case "pow" -> x.pow(number);
                case "eq" -> x.eq(number);
                case "ne" -> x.ne(number);
                case "lt" -> x.lt(number);
                case "le" -> x.le(number);
                case "gt" -> x.gt(number);
                case "ge" -> x.ge(number);
                case "clamp" -> x.clamp(number, number + 3);
                case "maskedFill" -> x.maskedFill(mask, number);
                case String other -> throw new AssertionError(other);
            };
        }
        var number = Double.parseDouble(text);
        return switch (kase.get("op").asText()) {
            case "add" -> x.add(number);
            case "sub" -> x.sub(number);
            case "mul" -> x.mul(number);
            case "div" -> x.div(number);
            case "pow" -> x.pow(number);
            case "eq" -> x.eq(number);
            case "ne" -> x.ne(number);
            case "lt" -> x.lt(number);
            case "le" -> x.le(number);
            case "gt" -> x.gt(number);
            case "ge" -> x.ge(number);
            case "clamp" -> x.clamp(number, number + 3);
            case "maskedFill" -> x.maskedFill(mask, number);
            case String other -> throw new AssertionError(other);
        };
    }

    private static String difference(JsonNode kase, Tensor result) {
        if (!result.dtype().toString().equals(kase.get("result").asText())) {
            return "dtype " + result.dtype() + " instead of " + kase.get("result").asText();
        }
        if (result.rank() != kase.get("rank").asInt()) {
            return "rank " + result.rank();
        }
        var expected = new ArrayList<Object>();
        var got = new ArrayList<Object>();
        if (result.dtype() == DType.I64) {
            kase.get("values").forEach(value -> expected.add(Long.parseLong(value.asText())));
            for (var value : result.toLongs()) {
                got.add(value);
            }
        } else {
            kase.get("values").forEach(value -> expected.add(number(value)));
            for (var value : result.toDoubles()) {
                got.add(value);
            }
        }
        return same(kase, result.dtype(), expected, got) ? "" : got + " instead of " + expected;
    }

    /// Powers may differ in their last bit: the vector code of another build rounds them otherwise.
    private static boolean same(JsonNode kase, DType dtype, List<Object> expected, List<Object> got) {
        if (!kase.get("op").asText().equals("pow") || !dtype.isFloating()) {
            return expected.equals(got);
        }
        var step = switch (dtype) {
            case F64 -> 0x1p-52;
            case F32 -> 0x1p-23;
            case BF16 -> 0x1p-7;
            default -> 0x1p-10;
        };
        for (int i = 0; i < got.size(); i++) {
            var a = (double) expected.get(i);
            var b = (double) got.get(i);
            if (Double.compare(a, b) != 0 && !(Math.abs(a - b) <= step * Math.abs(a))) {
                return false;
            }
        }
        return expected.size() == got.size();
    }

    private static double number(JsonNode value) {
        return switch (value.asText()) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "nan" -> Double.NaN;
            default -> value.asDouble();
        };
    }
}
