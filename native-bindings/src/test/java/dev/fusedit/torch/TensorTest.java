package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

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
}
