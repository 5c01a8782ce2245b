package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class TensorTest {
    @Test
    void addsAndMultiplies() {
        var x = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
        assertThat(x.mul(2).add(1).toFloats()).containsExactly(3, 5, 7, 9);
        assertThat(x.matmul(x).toFloats()).containsExactly(7, 10, 15, 22);
        assertThat(x.sum().item()).isEqualTo(10);
        assertThat(Tensor.arange(4).add(3).toLongs()).containsExactly(3, 4, 5, 6);
        assertThat(Tensor.arange(4).sub(Tensor.arange(4)).toLongs()).containsExactly(0, 0, 0, 0);
        assertThat(Tensor.arange(4).add(0.5).toFloats()).containsExactly(0.5f, 1.5f, 2.5f, 3.5f);
    }

    @Test
    void refusalNamesOpReasonAndShapes() {
        var a = Tensor.zeros(DType.F32, 2, 3);
        var b = Tensor.zeros(DType.F32, 4, 5);
        assertThatThrownBy(() -> a.matmul(b)).isInstanceOf(TorchException.class)
                .hasMessageStartingWith("matmul: ").hasMessageEndingWith("[f32(2,3) cpu, f32(4,5) cpu]")
                .hasMessageContaining(
                        Libtorch.info().version().compareTo("2.13") < 0 ? "standard error" : "shapes cannot be multiplied (2x3 and 4x5)");
        assertThatThrownBy(() -> a.add(b)).isInstanceOf(TorchException.class).hasMessageContaining("add: ")
                .hasMessageContaining("f32(4,5) cpu");
    }

    /// `empty` does without the dispatcher and brings its own strides: wrong ones would read and write beside the tensor's memory.
    @ParameterizedTest
    @ValueSource(strings = {"", "5", "2,3,4", "2,0,3", "1,1,1", "3,1"})
    void emptyLiesAsZerosDo(String text) {
        var shape = text.isEmpty() ? new long[0] : Stream.of(text.split(",")).mapToLong(Long::parseLong).toArray();
        var empty = Tensor.empty(DType.BF16, shape);
        var zeros = Tensor.zeros(DType.BF16, shape);
        assertThat(empty.shape()).isEqualTo(shape);
        assertThat(empty.strides()).isEqualTo(zeros.strides());
        assertThat(empty.dtype()).isEqualTo(DType.BF16);
        assertThat(empty.device()).isEqualTo(Device.CPU);
        assertThat(TensorScope.liveBytes()).isEqualTo(2 * 2 * zeros.numel());
    }

    @Test
    void manyDimensionsAreNotTooMany() {
        var shape = new long[40];
        Arrays.fill(shape, 1);
        shape[3] = 7;
        assertThat(Tensor.empty(DType.I64, shape).shape()).isEqualTo(shape);
    }

    @Test
    void impossibleSizesAreRefused() {
        assertThatThrownBy(() -> Tensor.empty(DType.F32, 1L << 32, 1L << 32, 1L << 32)).isInstanceOf(TorchException.class)
                .hasMessageStartingWith("empty: ");
        assertThatThrownBy(() -> Tensor.empty(DType.F32, 1L << 62, 4, 2)).isInstanceOf(TorchException.class);
        assertThatThrownBy(() -> Tensor.empty(DType.F32, 3, -1)).isInstanceOf(TorchException.class).hasMessageStartingWith("empty: ");
    }

    /// What lies like an array is read in its place; all else must still come as values in row-major order.
    @Test
    void arraysAreInRowMajorOrderWhateverTheLayout() {
        var x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        assertThat(x.toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(x.transpose(0, 1).toFloats()).containsExactly(1, 4, 2, 5, 3, 6);
        assertThat(x.slice(0, 1, 2, 1).toFloats()).containsExactly(4, 5, 6);
        assertThat(Tensor.scalar(3, DType.F32).expand(2).toFloats()).containsExactly(3, 3);
        assertThat(x.to(DType.BF16).toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(Tensor.of(new float[] {7}).requiresGrad(true).toFloats()).containsExactly(7);
        assertThat(Tensor.empty(DType.F32, 0).toFloats()).isEmpty();
    }
}
