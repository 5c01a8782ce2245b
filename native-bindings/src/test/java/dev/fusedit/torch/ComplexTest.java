package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.io.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class ComplexTest {
    private Tensor z;

    @BeforeEach
    void make() { z = Tensor.complex(Tensor.of(new float[] {1, 0, -2.5f}), Tensor.of(new float[] {2, -1, 0})); }

    @Test
    void partsMakeAComplexTensorAndComeBack() {
        assertThat(z.dtype()).isEqualTo(DType.C64);
        assertThat(z.viewAsReal().shape()).containsExactly(3, 2);
        assertThat(z.viewAsReal().toFloats()).containsExactly(1, 2, 0, -1, -2.5f, 0);
        assertThat(z.viewAsReal().viewAsComplex().sameValues(z)).isTrue();
        assertThat(Tensor.complex(Tensor.of(new double[] {1}), Tensor.of(new double[] {2})).dtype()).isEqualTo(DType.C128);
        assertThat(z.to(DType.C128).to(DType.C64).sameValues(z)).isTrue();
        assertThat(Torch.call("imag", "", z).tensor().toFloats()).containsExactly(2, -1, 0);
        assertThat(Tensor.arange(2).to(DType.C64).viewAsReal().toFloats()).containsExactly(0, 0, 1, 0);
    }

    @Test
    void itIsPrinted() {
        assertThat(z).hasToString("tensor([ 1.0000+2.j,  0.0000-1.j, -2.5000+0.j])");
        assertThat(z.get(0).to(DType.C128)).hasToString("tensor(1.+2.j, dtype=torch.complex128)");
        assertThatThrownBy(() -> z.matmul(Tensor.ones(DType.C64, 2))).hasMessageEndingWith("[c64(3) cpu, c64(2) cpu]");
    }

    /// A cosine of two turns lies in the places 2 and 6 of its spectrum.
    @Test
    void fourierTransforms() {
        var wave = new double[8];
        java.util.Arrays.setAll(wave, i -> Math.cos(2 * Math.PI * 2 * i / 8));
        var spectrum = Torch.call("fft_fft", "", Tensor.of(wave)).tensor();
        assertThat(spectrum.dtype()).isEqualTo(DType.C128);
        var sizes = spectrum.abs();
        assertThat(sizes.dtype()).isEqualTo(DType.F64);
        assertThat(sizes.allClose(Tensor.of(new double[] {0, 0, 4, 0, 0, 0, 4, 0}), 0, 1e-12)).isTrue();
        var back = Torch.call("fft_ifft", "", spectrum).tensor();
        assertThat(Torch.call("real", "", back).tensor().allClose(Tensor.of(wave), 0, 1e-12)).isTrue();
        var frames = Torch.call("stft", "", Tensor.ones(DType.F32, 16), 8, 4, 8, Tensor.ones(DType.F32, 8), false, true, true).tensor();
        assertThat(frames.dtype()).isEqualTo(DType.C64);
        assertThat(frames.shape()).containsExactly(5, 3);
        assertThat(frames.select(0, 0).viewAsReal().toFloats()).containsExactly(8, 0, 8, 0, 8, 0);
    }

    @Test
    void numbersKeepBothParts() {
        assertThat(z.add(1).viewAsReal().toFloats()).containsExactly(2, 2, 1, -1, -1.5f, 0);
        assertThat(z.sub(0.5).viewAsReal().toFloats()).containsExactly(0.5f, 2, -0.5f, -1, -3, 0);
        assertThat(z.mul(2).viewAsReal().toFloats()).containsExactly(2, 4, 0, -2, -5, 0);
        assertThat(z.add(z).sub(z).sameValues(z)).isTrue();
        assertThat(z.add(Tensor.ones(DType.F32, 3)).sameValues(z.add(1))).isTrue();
        var fine = z.to(DType.C128).get(0);
        assertThat(fine.mul(0.1).viewAsReal().toDoubles()).containsExactly(0.1, 0.2);
        assertThat(fine.add(0.1).viewAsReal().toDoubles()).containsExactly(1.1, 2);
        assertThat(z.get(0).mul(0.1).dtype()).isEqualTo(DType.C64);
        assertThat(Torch.call("mul", "Scalar", fine, 0.1).tensor().viewAsReal().toDoubles()).containsExactly(0.1, 0.2);
        assertThat(Tensor.full(0.1, DType.C128, 1).viewAsReal().toDoubles()).containsExactly(0.1, 0);
        assertThat(z.allClose(z.add(1e-4), 0, 1e-3)).isTrue();
        assertThat(z.allClose(Torch.call("conj", "", z).tensor(), 0, 1e-3)).isFalse();
        assertThat(z.allClose(Tensor.zeros(DType.F32, 3), 0, 10)).isFalse();
    }

    @Test
    void nothingDropsImaginaryPartsInSilence() {
        var real = Tensor.zeros(DType.F32, 3);
        assertThatThrownBy(() -> z.to(DType.F32)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("a c64 tensor has imaginary parts, which f32 would drop: viewAsReal()");
        assertThatThrownBy(() -> real.copyInPlace(z)).hasMessageStartingWith("a c64 tensor has imaginary parts, which f32 would drop");
        for (var read : java.util.List.<Runnable>of(z::toFloats, z::toDoubles, z::toLongs, () -> z.get(0).item(),
                () -> z.get(0).itemLong())) {
            assertThatThrownBy(read::run).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("cannot hold c64 numbers: viewAsReal()");
        }
        assertThatThrownBy(z::toBytes).hasMessageContaining("not c64");
        z.copyInPlace(real);
        assertThat(z.viewAsReal().toFloats()).containsOnly(0);
    }

    /// PyTorch leaves conjugates and negatives to be computed later; memory then holds something else than the values.
    @Test
    void memoryIsWhatTheValuesAre(@TempDir Path folder) throws IOException {
        var conjugate = Torch.call("conj", "", z).tensor();
        assertThat(conjugate.viewAsReal().toFloats()).containsExactly(1, -2, 0, 1, -2.5f, -0f);
        assertThat(Torch.call("imag", "", conjugate).tensor().toFloats()).containsExactly(-2, 1, -0f);
        assertThat(Torch.call("_neg_view", "", Tensor.ones(DType.F32, 2)).tensor().toFloats()).containsExactly(-1, -1);
        assertThat(Torch.call("adjoint", "", z.reshape(3, 1)).tensor().viewAsReal().toFloats()).containsExactly(1, -2, 0, 1, -2.5f, -0f);
        var path = folder.resolve("z.safetensors");
        SafeTensors.write(path, Map.of("z", conjugate), Map.of());
        try (var file = SafeTensors.open(path)) {
            assertThat(file.read("z").viewAsReal().toFloats()).containsExactly(1, -2, 0, 1, -2.5f, -0f);
        }
        var leaf = z.detach().copy().requiresGrad(true);
        Torch.call("abs", "", Torch.call("conj", "", leaf).tensor().get(0)).tensor().backward();
        var size = Math.sqrt(5);
        assertThat(leaf.grad().viewAsReal().allClose(Tensor.of(new double[] {1 / size, 2 / size, 0, 0, 0, 0}, 3, 2), 0, 1e-6)).isTrue();
    }

    @Test
    void safetensorsHaveNoComplex128(@TempDir Path folder) throws IOException {
        var path = folder.resolve("z.safetensors");
        Files.writeString(path, "what was there");
        assertThatThrownBy(() -> SafeTensors.write(path, Map.of("z", z.to(DType.C128)), Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("safetensors has no dtype for 'z', which is c128: write it as c64, or its viewAsReal()");
        assertThat(path).hasContent("what was there");
    }

    @Test
    void ordersAreRefused() {
        assertThatThrownBy(() -> z.lt(1)).isInstanceOf(TorchException.class).hasMessageContaining("c64(3) cpu");
        assertThatThrownBy(() -> z.clamp(0, 1)).isInstanceOf(TorchException.class);
    }
}
