package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.abi.Handles;
import dev.fusedit.torch.internal.ops.Aten;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(NoTensorLeaks.class)
class DTypeTest {
    @ParameterizedTest
    @CsvSource({"27,uint16", "28,uint32", "29,uint64", "24,float8_e4m3fn", "23,float8_e5m2", "44,float8_e8m0fnu", "8,complex32", "12,qint8",
        "45,float4_e2m1fn_x2", "16,quint4x2", "99,number 99 of c10::ScalarType", "-1,number -1 of c10::ScalarType"})
    void othersAreCalledAsPyTorchDoes(int code, String name) {
        assertThatThrownBy(() -> DType.of(code)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("a tensor is of dtype " + name + ", ").hasMessageContaining("tensor.to(DType.F32)");
    }

    /// A tensor of another dtype is printed, and can be converted.
    @Test
    void othersAreConverted() {
        var bits = Tensor.of(new float[] {0x1p-149f}); // made before the frame begins
        var x = Tensor.own(Frame.begin(Aten.VIEW_DTYPE).tensor(bits).i64(27).call());
        assertThat(x).hasToString("tensor(..., size=(2,), dtype=torch.uint16)");
        assertThat(x.to(DType.I32).toLongs()).containsExactly(1, 0);
        assertThat(x.to(Device.CPU).isContiguous()).isTrue();
        assertThatThrownBy(x::dtype).hasMessageContaining("uint16");
        assertThatThrownBy(() -> x.matmul(x)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("uint16");
        assertThatThrownBy(() -> Torch.call("mm", "", x, x)).isInstanceOf(TorchException.class)
                .hasMessageEndingWith("[uint16(2) cpu, uint16(2) cpu]");
    }

    @ParameterizedTest
    @EnumSource
    void everyDTypeIsOneKindOfNumber(DType dtype) {
        assertThat(DType.of(dtype.code())).isEqualTo(dtype);
        assertThat(java.util.stream.Stream.of(dtype.isFloating(), dtype.isComplex(), dtype.isInteger()).filter(is -> is)).hasSize(1);
        var one = Tensor.zeros(dtype, 3);
        assertThat(one.dtype()).isEqualTo(dtype);
        assertThat(Handles.storageBytes(one.borrowHandle())).isEqualTo(3L * dtype.bytes());
        assertThat(Torch.call("is_floating_point", "", one).asBoolean()).isEqualTo(dtype.isFloating());
        assertThat(Torch.call("is_complex", "", one).asBoolean()).isEqualTo(dtype.isComplex());
        assertThat(dtype.wide().bytes()).isGreaterThanOrEqualTo(4);
        var bytes = 3 * dtype.bytes();
        try (var arena = java.lang.foreign.Arena.ofConfined()) {
            var segment = arena.allocate(bytes, 16);
            Segments.copy(one, segment);
            assertThat(Segments.tensor(segment, dtype, 3).sameValues(one)).isTrue();
        }
    }
}
