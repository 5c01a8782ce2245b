package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class TorchTest {
    private Tensor x;

    @BeforeEach
    void make() { x = Tensor.of(new float[] {3, 1, 4, 1, 5, 9}, 2, 3); }

    @Test
    void resultsComeInTheSchemasOrder() {
        var top = Torch.call("aten::topk", "", x, 2);
        assertThat(top.tensor(0).toFloats()).containsExactly(4, 3, 9, 5);
        assertThat(top.tensor(1).toLongs()).containsExactly(2, 0, 2, 1);
        assertThat(Torch.call("chunk", "", x, 3, 1).list()).hasSize(3).allSatisfy(part -> assertThat(part.shape()).containsExactly(2, 1));
        assertThat(Torch.call("aten::equal", "", x, x).asBoolean()).isTrue();
        assertThat(Torch.call("aten::sym_numel", "", x).asLong()).isEqualTo(6);
    }

    @Test
    void defaultsAndNamedArgumentsAreFilledIn() {
        assertThat(Torch.call("aten::sum", "dim_IntList", x, new long[] {1}, Torch.named("keepdim", true)).tensor().shape())
                .containsExactly(2, 1);
        assertThat(Torch.call("aten::sum", "", x, Torch.named("dtype", DType.F64)).tensor().dtype()).isEqualTo(DType.F64);
        assertThat(Torch.call("aten::zeros", "", new long[] {2}, Torch.named("dtype", DType.I64), Torch.named("device", "cpu")).tensor()
                .toLongs())
                .containsExactly(0, 0);
        assertThat(Torch.call("aten::contiguous", "", x).tensor().toFloats()).isEqualTo(x.toFloats());
        var image = x.reshape(1, 1, 2, 3);
        assertThat(Torch.call("aten::max_pool2d", "", image, 2).tensor().toFloats()).containsExactly(5);
        assertThat(Torch.call("aten::conv2d", "", image, Tensor.ones(DType.F32, 1, 1, 2, 2), null, 1, 0, 1).tensor().toFloats())
                .containsExactly(10, 19);
        assertThat(Torch.call("aten::gelu", "", x, Torch.named("approximate", "tanh")).tensor().allClose(x.geluTanh(), 0, 0)).isTrue();
        assertThat(Torch.call("aten::index", "Tensor", x, java.util.Arrays.asList(null, Tensor.of(new long[] {2, 0}))).tensor().toFloats())
                .containsExactly(4, 3, 9, 1);
    }

    @Test
    void numbersGoByATensorOverload() {
        assertThat(Torch.call("aten::mul", "Scalar", x, 2).tensor().toFloats()).containsExactly(6, 2, 8, 2, 10, 18);
        var whole = Torch.call("aten::mul", "Scalar", Tensor.arange(3), 2).tensor();
        assertThat(whole.dtype()).isEqualTo(DType.I64);
        assertThat(Torch.call("aten::mul", "Scalar", Tensor.arange(3), 0.5).tensor().dtype()).isEqualTo(DType.F32);
        assertThat(Torch.call("aten::pow", "Tensor_Scalar", Tensor.scalar(3, DType.F32), 2.0).tensor())
                .satisfies(nine -> assertThat(nine.dtype()).isEqualTo(DType.F32), nine -> assertThat(nine.rank()).isZero(),
                        nine -> assertThat(nine.item()).isEqualTo(9));
        assertThat(Torch.call("aten::clamp", "", x, 2, 4).tensor().toFloats()).containsExactly(3, 2, 4, 2, 4, 4);
        assertThat(Torch.call("aten::lerp", "Scalar", x, x.mul(3), 0.5).tensor().toFloats()).containsExactly(6, 2, 8, 2, 10, 18);
        assertThat(Torch.call("aten::add", "Tensor", x, x, Torch.named("alpha", -1)).tensor().toFloats()).containsOnly(0);
        assertThat(Torch.call("aten::sub", "Scalar", x, 1).tensor().toFloats()).containsExactly(2, 0, 3, 0, 4, 8);
        assertThat(Torch.call("aten::_foreach_mul_", "Scalar", List.of(x), 0).values()).isEmpty();
        assertThat(x.toFloats()).containsOnly(0);
    }

    @Test
    void aNumberIsScatteredToEveryPlace() {
        var places = Tensor.of(new long[] {0, 2, 1, 1}, 2, 2);
        assertThat(Torch.call("scatter", "value", x, 1, places, 9.0).tensor().toFloats()).containsExactly(9, 1, 9, 1, 9, 9);
        assertThat(Torch.call("scatter", "value_reduce", x, 1, places.narrow(1, 0, 1), 10, "multiply").tensor().toFloats())
                .containsExactly(30, 1, 4, 1, 50, 9);
        Torch.call("scatter_", "value", x, 0, Tensor.zeros(DType.I64, 1, 3), -1);
        assertThat(x.toFloats()).containsExactly(-1, -1, -1, 1, 5, 9);
    }

    /// No overload without a Scalar: through JavaCPP, or a sentence where that is impossible.
    @Test
    void restGoesThroughJavaCpp() {
        var call = (java.util.function.Supplier<
                Tensor>) () -> Torch.call("aten::addmm", "", Tensor.ones(DType.F32, 2, 2), x, x.transpose(0, 1),
                        Torch.named("beta", 10), Torch.named("alpha", 0.5)).tensor();
        if (Libtorch.info().source().equals("presets")) {
            assertThat(call.get().toFloats()).containsExactly(23, 32, 32, 63.5f);
            assertThat(Torch.call("aten::arange", "start_step", 1, 2, 0.25).tensor().toFloats()).containsExactly(1, 1.25f, 1.5f, 1.75f);
            assertThat(Torch.call("aten::full", "", new long[] {2}, 7, Torch.named("dtype", DType.I32)).tensor().toLongs())
                    .containsExactly(7, 7);
            assertThat(Torch.call("aten::_foreach_add", "ScalarList", List.of(x, x), new double[] {1, 2}).list().get(1).toFloats())
                    .containsExactly(5, 3, 6, 3, 7, 11);
            assertThatThrownBy(() -> Torch.call("aten::addmm", "", x, x, x)).isInstanceOf(TorchException.class)
                    .hasMessageContaining("addmm: ").hasMessageEndingWith("[f32(2,3) cpu, f32(2,3) cpu, f32(2,3) cpu]");
        } else {
            assertThatThrownBy(call::get).isInstanceOf(LibtorchUnavailable.class).hasMessageContaining("aten::addmm cannot be called")
                    .hasMessageContaining("(beta, alpha)").hasMessageContaining("JavaCPP");
            assertThatThrownBy(() -> Torch.call("aten::trapezoid", "dx", x, 0.5)).isInstanceOf(LibtorchUnavailable.class)
                    .hasMessageContaining("(dx)").hasMessageEndingWith("Overloads that take tensors instead: \"x\".");
        }
    }

    @Test
    void mistakesAreNamed() {
        assertThatThrownBy(() -> Torch.call("aten::matmull", "", x, x))
                .hasMessageContaining("has no operator aten::matmull. Did you mean aten::matmul");
        assertThatThrownBy(() -> Torch.call("aten::mul", "tensor", x, x)).hasMessageContaining("has no overload \"tensor\"")
                .hasMessageContaining("\"Tensor\"");
        assertThatThrownBy(() -> Torch.call("aten::mul", "Tensor", x, 2)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("aten::mul.Tensor(Tensor self, Tensor other): argument 2 'other' takes Tensor, got Integer 2");
        assertThatThrownBy(() -> Torch.call("aten::mul", "Tensor", x)).hasMessageContaining("argument 'other' is missing");
        assertThatThrownBy(() -> Torch.call("aten::neg", "", x, x)).hasMessageContaining("takes 1 arguments, got 2");
        assertThatThrownBy(() -> Torch.call("aten::softmax", "int", x, 0, Torch.named("dtyp", null)))
                .hasMessageContaining("there is no argument 'dtyp'");
        assertThatThrownBy(() -> Torch.call("aten::mm", "", x, x)).isInstanceOf(TorchException.class)
                .hasMessageEndingWith("[f32(2,3) cpu, f32(2,3) cpu]");
        var closed = Tensor.zeros(DType.F32, 1);
        closed.free();
        assertThatThrownBy(() -> Torch.call("aten::neg", "", closed)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("aten::neg");
    }

    @Test
    void autogradPassesThrough() {
        var w = Tensor.of(new float[] {1, 2}).requiresGrad(true);
        Torch.call("aten::sum", "", Torch.call("aten::mul", "Scalar", w, 3.0).tensor()).tensor().backward();
        assertThat(w.grad().toFloats()).containsExactly(3, 3);
    }
}
