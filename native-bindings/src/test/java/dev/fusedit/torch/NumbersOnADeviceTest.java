package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// A number that Java gives lies on no device: beside a tensor of another device than the CPU every op takes it, for the dtype and shape that
/// it gives on the CPU. libtorch's `clamp` refuses one that lies on the CPU; on the meta device it does so without a GPU.
@ExtendWith(NoTensorLeaks.class)
class NumbersOnADeviceTest {
    private static final Map<String,
            UnaryOperator<Tensor>> OPS = Map.ofEntries(Map.entry("add", x -> x.add(2.5)), Map.entry("add whole", x -> x.add(2)),
                    Map.entry("sub", x -> x.sub(2.5)), Map.entry("sub whole", x -> x.sub(2)), Map.entry("mul", x -> x.mul(2.5)),
                    Map.entry("mul whole", x -> x.mul(2)),
                    Map.entry("div", x -> x.div(2.5)), Map.entry("div whole", x -> x.div(2)), Map.entry("remainder", x -> x.remainder(2)),
                    Map.entry("pow", x -> x.pow(1.5)), Map.entry("pow whole", x -> x.pow(3)), Map.entry("clamp", x -> x.clamp(-1.5, 1.5)),
                    Map.entry("clamp below", x -> x.clamp(0.5, Double.POSITIVE_INFINITY)), Map.entry("clamp whole", x -> x.clamp(-1, 1)),
                    Map.entry("eq", x -> x.eq(1.5)), Map.entry("ne", x -> x.ne(1)), Map.entry("lt", x -> x.lt(1.5)),
                    Map.entry("le", x -> x.le(1)),
                    Map.entry("gt", x -> x.gt(1.5)), Map.entry("ge", x -> x.ge(1)));

    static Stream<Arguments> all() {
        return OPS.keySet().stream().sorted().flatMap(op -> Stream.of(DType.F32, DType.BF16, DType.F64, DType.I64)
                .flatMap(dtype -> Stream.of(new long[] {2, 3}, new long[0]).map(shape -> Arguments.of(op, dtype, shape))));
    }

    @ParameterizedTest
    @MethodSource("all")
    void theyAreTakenBesideAnyTensor(String op, DType dtype, long[] shape) {
        var expected = OPS.get(op).apply(Tensor.ones(dtype, shape));
        var found = OPS.get(op).apply(Tensor.ones(dtype, Device.META, shape));
        assertThat(found.device()).isEqualTo(Device.META);
        assertThat(found.dtype()).isEqualTo(expected.dtype());
        assertThat(found.shape()).containsExactly(expected.shape());
    }
}
