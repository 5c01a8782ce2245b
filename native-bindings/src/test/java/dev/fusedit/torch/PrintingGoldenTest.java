package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.stream.LongStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// A tensor is printed as PyTorch prints it, to the letter. `goldens/printing.json` is written by `src/test/python/printing_golden.py`.
@ExtendWith(NoTensorLeaks.class)
class PrintingGoldenTest {
    @Test
    void tensorsArePrintedAsPyTorchPrintsThem() throws Exception {
        JsonNode golden;
        try (var in = PrintingGoldenTest.class.getResourceAsStream("/goldens/printing.json")) {
            golden = new ObjectMapper().readTree(in);
        }
        var wrong = new ArrayList<String>();
        for (var kase : golden.get("cases")) {
            try (var _ = TensorScope.open()) {
                var text = tensor(kase).toString();
                if (!text.equals(kase.get("text").asText())) {
                    wrong.add("%s %s is\n%s\nnot\n%s\n".formatted(kase.get("dtype"), kase.get("shape"), text, kase.get("text").asText()));
                }
            }
        }
        assertThat(golden.get("cases").size()).isGreaterThan(250);
        assertThat(wrong).as("of %s cases", golden.get("cases").size()).isEmpty();
    }

    private static Tensor tensor(JsonNode kase) {
        var dtype = DType.valueOf(kase.get("dtype").asText());
        var shape = StreamSupport.stream(kase.get("shape").spliterator(), false).mapToLong(JsonNode::asLong).toArray();
        int each = dtype.isComplex() ? 2 : 1;
        int count = (int) LongStream.of(shape).reduce(each, (a, b) -> a * b);
        var values = kase.get("values");
        return made(values, count, dtype).to(dtype).reshape(shape).requiresGrad(kase.get("grad").asBoolean());
    }

    private static Tensor made(JsonNode values, int count, DType dtype) {
        if (dtype.isInteger()) {
            return Tensor.of(LongStream.range(0, count).map(i -> values.get((int) i % values.size()).asLong()).toArray());
        }
        var numbers = LongStream.range(0, count).mapToDouble(i -> number(values.get((int) i % values.size()))).toArray();
        if (!dtype.isComplex()) return Tensor.of(numbers);
        var parts = Tensor.of(numbers, count / 2, 2);
        return Tensor.complex(parts.select(1, 0).contiguous(), parts.select(1, 1).contiguous());
    }

    private static double number(JsonNode bits) { return Double.longBitsToDouble(Long.parseUnsignedLong(bits.asText(), 16)); }
}
