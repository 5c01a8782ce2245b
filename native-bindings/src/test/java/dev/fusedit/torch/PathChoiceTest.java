package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class PathChoiceTest {
    /// 512 · 512 · 0.5 is more than f16 holds; summed in f32, it is only the result that overflows.
    @Test
    void f16ProductsAreF16InTheEnd() {
        var x = Tensor.full(1, DType.F16, 3, 512).requiresGrad(true);
        var y = x.linear(Tensor.full(0.5, DType.F16, 4, 512), Tensor.ones(DType.F16, 4));
        assertThat(y.dtype()).isEqualTo(DType.F16);
        assertThat(y.toFloats()).containsOnly(257);
        y.sum().backward();
        assertThat(x.grad().dtype()).isEqualTo(DType.F16);
        assertThat(x.grad().toFloats()).containsOnly(2);
        assertThat(Tensor.full(512, DType.F16, 1, 512).linear(Tensor.full(0.5, DType.F16, 1, 512), null).item())
                .isEqualTo(Double.POSITIVE_INFINITY);
        var picture = Tensor.ones(DType.F16, 1, 2, 4, 4).conv2d(Tensor.ones(DType.F16, 3, 2, 2, 2), null, 2, 0);
        assertThat(picture.dtype()).isEqualTo(DType.F16);
        assertThat(picture.toFloats()).hasSize(12).containsOnly(8);
    }

    @Test
    void plansAreToldWhatIsChosen() {
        assertThat(PathChoice.lines(DType.F16, Device.CPU)).first().isEqualTo("matrix products in f32 (f16 is slower on this device)");
        assertThat(PathChoice.lines(DType.BF16, Device.CPU)).contains("matrix products in bf16",
                "attention in bf16, by two products and a softmax (the fused kernel is slower on this device)");
        assertThat(PathChoice.lines(DType.F16, Device.cuda(0))).allMatch(line -> line.endsWith(" in f16"));
        assertThat(PathChoice.lines(DType.F32, Device.CPU)).allMatch(line -> line.endsWith(" in f32"));
    }
}
