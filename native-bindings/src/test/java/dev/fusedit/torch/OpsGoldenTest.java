package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Every method of [Tensor] against PyTorch (`src/test/python/ops_golden.py`). An argument in the wrong place shows here.
@Tag("numeric")
class OpsGoldenTest {
    private static final String GOLDENS = "/goldens/ops.json";
    /// In units of f32's rounding, 2⁻²⁴ of a value (of 1 for smaller ones). The longest sums here are 60 numbers (a group's mean) and 36
    /// products (a convolution's); each CPU adds in an order of its own, and a sum of n numbers of one sign is off by at most n units in
    /// any order.
    private static final double UNITS = 64;

    private static Tensor grid(double scale, double start, long... shape) {
        int n = 1;
        for (var size : shape) {
            n *= (int) size;
        }
        var values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) (start + scale * (i * 7 % 11) - 0.05 * i);
        }
        return Tensor.of(values, shape);
    }

    private static Map<String, Supplier<Tensor>> ops() {
        var x = grid(0.37, -1.5, 3, 4);
        var y = grid(0.21, 0.3, 3, 4);
        var p = x.abs().add(0.1);
        var row = grid(0.5, -0.7, 4);
        var cube = grid(0.37, -1.5, 2, 3, 4);
        var ids = Tensor.of(new long[] {2, 0, 1, 2});
        var image = grid(0.37, -1.5, 2, 4, 6, 5);
        var kernel = grid(0.11, -0.4, 3, 4, 3, 3);
        var mask = x.gt(0);
        var whole = Tensor.of(new long[] {-7, 7, 5, -5});
        var ops = new LinkedHashMap<String, Supplier<Tensor>>();
        ops.put("add", () -> x.add(y));
        ops.put("addRow", () -> x.add(row));
        ops.put("sub", () -> x.sub(y));
        ops.put("addScaled", () -> x.addScaled(y, 0.3));
        ops.put("mul", () -> x.mul(y));
        ops.put("div", () -> x.div(p));
        ops.put("pow", () -> p.pow(y));
        ops.put("powNumber", () -> p.pow(2.5));
        ops.put("neg", x::neg);
        ops.put("abs", x::abs);
        ops.put("sign", x::sign);
        ops.put("square", x::square);
        ops.put("reciprocal", p::reciprocal);
        ops.put("exp", x::exp);
        ops.put("expm1", x::expm1);
        ops.put("log", p::log);
        ops.put("log1p", p::log1p);
        ops.put("sqrt", p::sqrt);
        ops.put("rsqrt", p::rsqrt);
        ops.put("sin", x::sin);
        ops.put("cos", x::cos);
        ops.put("tanh", x::tanh);
        ops.put("sigmoid", x::sigmoid);
        ops.put("erf", x::erf);
        ops.put("floor", x::floor);
        ops.put("ceil", x::ceil);
        ops.put("round", () -> x.mul(2).round());
        ops.put("relu", x::relu);
        ops.put("silu", x::silu);
        ops.put("gelu", x::gelu);
        ops.put("geluTanh", x::geluTanh);
        ops.put("maximum", () -> x.maximum(y));
        ops.put("minimum", () -> x.minimum(y));
        ops.put("clamp", () -> x.clamp(-0.5, 0.75));
        ops.put("lerp", () -> x.lerp(y, Tensor.scalar(0.3, DType.F32)));
        ops.put("floorDiv", () -> whole.floorDiv(3));
        ops.put("remainder", () -> whole.remainder(3));
        ops.put("eq", () -> x.eq(x.round()));
        ops.put("lt", () -> x.lt(y));
        ops.put("ge", () -> x.ge(0));
        ops.put("logical", () -> mask.logicalAnd(y.gt(1).logicalNot()).logicalOr(x.lt(-1)));
        ops.put("logicalXor", () -> mask.logicalXor(y.gt(1)));
        ops.put("where", () -> mask.where(x, y));
        ops.put("maskedFill", () -> x.maskedFill(mask, -2.5));
        ops.put("sum", () -> x.sum());
        ops.put("sumDim", () -> cube.sum(true, 0, 2));
        ops.put("mean", () -> x.mean());
        ops.put("meanDim", () -> cube.mean(false, -1));
        ops.put("var", () -> cube.var(true, false, 1));
        ops.put("varBiased", () -> cube.var(false, false, 1));
        ops.put("max", x::max);
        ops.put("min", x::min);
        ops.put("amax", () -> cube.amax(false, 1));
        ops.put("amin", () -> cube.amin(true, 0, 1));
        ops.put("argmax", () -> x.argmax(1));
        ops.put("argmin", () -> x.argmin(0));
        ops.put("any", () -> x.gt(5).any());
        ops.put("all", () -> p.gt(0).all());
        ops.put("cumsum", () -> x.cumsum(1));
        ops.put("logSumExp", () -> x.logSumExp(false, 1));
        ops.put("norm", () -> x.norm());
        ops.put("normDim", () -> cube.norm(true, 2));
        ops.put("softmax", () -> cube.softmax(1));
        ops.put("logSoftmax", () -> x.logSoftmax(-1));
        ops.put("topk", () -> x.topk(2, 1).values());
        ops.put("topkIndices", () -> x.topk(2, 1).indices());
        ops.put("sort", () -> x.sort(1, true).values());
        ops.put("reshape", () -> cube.reshape(4, -1));
        ops.put("transpose", () -> cube.transpose(0, 2));
        ops.put("permute", () -> cube.permute(2, 0, 1));
        ops.put("flatten", () -> cube.flatten(1, 2));
        ops.put("unsqueeze", () -> x.unsqueeze(1));
        ops.put("squeeze", () -> x.unsqueeze(0).squeeze(0));
        ops.put("expand", () -> row.expand(3, -1));
        ops.put("narrow", () -> x.narrow(1, 1, 2));
        ops.put("slice", () -> x.slice(1, 0, 4, 2));
        ops.put("sliceNegative", () -> x.slice(0, -2, Long.MAX_VALUE, 1));
        ops.put("select", () -> cube.select(1, -1));
        ops.put("get", () -> cube.get(1));
        ops.put("indexSelect", () -> x.indexSelect(0, ids));
        ops.put("gather", () -> x.gather(0, ids.unsqueeze(0)));
        ops.put("cat", () -> Tensor.cat(1, x, y));
        ops.put("stack", () -> Tensor.stack(1, x, y));
        ops.put("split", () -> x.split(1, 1, 3)[1]);
        ops.put("chunk", () -> x.chunk(2, 1)[0]);
        ops.put("repeat", () -> x.repeat(2, 1));
        ops.put("repeatInterleave", () -> x.repeatInterleave(2, 0));
        ops.put("flip", () -> cube.flip(0, 2));
        ops.put("roll", () -> x.roll(1, 1));
        ops.put("tril", () -> x.tril(-1));
        ops.put("triu", () -> x.triu(1));
        ops.put("pad", () -> x.pad(0.5, 1, 0, 2, 1));
        ops.put("matmul", () -> x.matmul(y.transpose(0, 1)));
        ops.put("matmulBatch", () -> cube.matmul(row));
        ops.put("bmm", () -> cube.bmm(cube.transpose(1, 2)));
        ops.put("linear", () -> x.unsqueeze(0).linear(y, row.narrow(0, 0, 3)));
        ops.put("embedding", () -> x.embedding(ids));
        ops.put("rmsNorm", () -> cube.rmsNorm(row, 1e-6, 4));
        ops.put("layerNorm", () -> cube.layerNorm(row, row.add(1), 1e-5, 4));
        ops.put("groupNorm", () -> image.groupNorm(2, row, row.sub(1), 1e-5));
        ops.put("conv2d", () -> image.conv2d(kernel, row.narrow(0, 0, 3), 2, 1));
        ops.put("avgPool2d", () -> image.avgPool2d(2));
        ops.put("upsampleNearest2d", () -> image.upsampleNearest2d(12, 7));
        ops.put("upsampleBilinear2d", () -> image.upsampleBilinear2d(9, 8, false));
        ops.put("upsampleBilinear2dShrink", () -> image.upsampleBilinear2d(3, 2, true));
        ops.put("upsampleBicubic2d", () -> image.upsampleBicubic2d(9, 8));
        ops.put("crossEntropy", () -> x.crossEntropy(Tensor.of(new long[] {1, -100, 3}), -100));
        ops.put("mseLoss", () -> x.mseLoss(y));
        ops.put("einsum", () -> Tensor.einsum("bnd,bmd->bnm", cube, cube));
        ops.put("eye", () -> Tensor.eye(3, DType.F32));
        ops.put("full", () -> Tensor.full(0.1, DType.F32, 2, 2));
        return ops;
    }

    @TestFactory
    Iterable<DynamicTest> agreesWithPyTorch() throws IOException {
        var goldens = goldens();
        return StreamSupport.stream(((Iterable<String>) goldens::fieldNames).spliterator(), false)
                .map(name -> DynamicTest.dynamicTest(name, () -> compare(name, goldens.get(name)))).toList();
    }

    private static void compare(String name, JsonNode golden) {
        try (var _ = TensorScope.open()) {
            var result = ops().get(name).get();
            var shape = StreamSupport.stream(golden.get("shape").spliterator(), false).mapToLong(JsonNode::asLong).toArray();
            var expected = StreamSupport.stream(golden.get("values").spliterator(), false).mapToDouble(JsonNode::asDouble).toArray();
            assertThat(result.shape()).containsExactly(shape);
            var actual = result.toDoubles();
            assertThat(actual).hasSameSizeAs(expected);
            for (int i = 0; i < actual.length; i++) {
                assertThat(actual[i]).as("number %s", i).isCloseTo(expected[i],
                        within(UNITS * 0x1p-24 * Math.max(1, Math.abs(expected[i]))));
            }
        }
    }

    @Test
    void everyGoldenHasItsOpAndTheOtherWayRound() throws IOException {
        try (var _ = TensorScope.open()) {
            assertThat(goldens().fieldNames()).toIterable().containsExactlyInAnyOrderElementsOf(ops().keySet());
        }
    }

    private static JsonNode goldens() throws IOException {
        try (var in = OpsGoldenTest.class.getResourceAsStream(GOLDENS)) {
            return new ObjectMapper().readTree(in);
        }
    }
}
