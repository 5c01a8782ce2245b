package dev.fusedit.torch.javacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.LibtorchUnavailable;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class JavaCppTensorsTest {
    private static final String FOREIGN = "fusedit.libtorch";
    private static final String WHY = "a foreign libtorch has no JavaCPP beside it";

    @Test
    @DisabledIfSystemProperty(named = FOREIGN, matches = ".+", disabledReason = WHY)
    void bothWaysShareTheData() {
        var ours = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
        try (var theirs = JavaCppTensors.toJavaCpp(ours)) {
            assertThat(theirs.data_ptr().address()).isEqualTo(ours.dataAddress());
            assertThat(theirs.sizes().vec().get()).containsExactly(2, 2);
            ours.mulInPlace(2);
            assertThat(theirs.select(0, 1).select(0, 1).item_float()).isEqualTo(8);
            assertThat(JavaCppTensors.fromJavaCpp(theirs).dataAddress()).isEqualTo(ours.dataAddress());
        }
    }

    @Test
    @DisabledIfSystemProperty(named = FOREIGN, matches = ".+", disabledReason = WHY)
    void storageOutlivesTheCloseOfEitherSide() {
        org.bytedeco.pytorch.Tensor theirs;
        try (var _ = TensorScope.open()) {
            theirs = JavaCppTensors.toJavaCpp(Tensor.full(7, DType.F32, 1000));
        }
        var back = JavaCppTensors.fromJavaCpp(theirs);
        theirs.close();
        churn();
        assertThat(back.toFloats()).hasSize(1000).containsOnly(7);

        org.bytedeco.pytorch.Tensor made = torch.ones(1000);
        var ours = JavaCppTensors.fromJavaCpp(made);
        made.close();
        churn();
        assertThat(ours.sum().item()).isEqualTo(1000);
        assertThatThrownBy(() -> JavaCppTensors.fromJavaCpp(made)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("closed");
    }

    /// Would reuse a block that was freed too early.
    private static void churn() {
        try (var _ = TensorScope.open()) {
            for (int i = 0; i < 100; i++) {
                Tensor.zeros(DType.F32, 1000);
            }
        }
    }

    @Test
    @DisabledIfSystemProperty(named = FOREIGN, matches = ".+", disabledReason = WHY)
    void gradientsCrossOver() {
        var w = Tensor.of(new float[] {1, 2, 3}).requiresGrad(true);
        try (var theirs = JavaCppTensors.toJavaCpp(w); var squared = theirs.mul(theirs); var sum = squared.sum()) {
            JavaCppTensors.fromJavaCpp(sum).backward();
        }
        assertThat(w.grad().toFloats()).containsExactly(2, 4, 6);
    }

    @Test
    @DisabledIfSystemProperty(named = FOREIGN, matches = ".+", disabledReason = WHY)
    void memoryGuardIsOff() {
        JavaCppTensors.toJavaCpp(Tensor.zeros(DType.F32, 1)).close();
        assertThat(org.bytedeco.javacpp.Pointer.maxBytes()).isZero();
        assertThat(org.bytedeco.javacpp.Pointer.maxPhysicalBytes()).isZero();
    }

    @Test
    @DisabledIfSystemProperty(named = FOREIGN, matches = ".+", disabledReason = WHY)
    void processHoldsOneLibtorch() throws IOException {
        JavaCppTensors.toJavaCpp(Tensor.zeros(DType.F32, 1)).close();
        assertThat(mapped("libtorch_cpu.so")).containsExactly(Libtorch.info().path().resolve("libtorch_cpu.so"));
        assertThat(mapped("libc10.so")).hasSize(1);
        assertThat(mapped("libgomp.so.1")).hasSize(1);
        assertThat(mapped("libopenblas.so.0")).hasSize(1);
    }

    @Test
    @EnabledIfSystemProperty(named = FOREIGN, matches = ".+", disabledReason = "needs -Dfusedit.libtorch=DIR")
    void foreignLibtorchIsRefused() throws IOException {
        var x = Tensor.zeros(DType.F32, 1);
        for (int call = 0; call < 2; call++) {
            assertThatThrownBy(() -> JavaCppTensors.toJavaCpp(x)).isInstanceOf(LibtorchUnavailable.class)
                    .hasMessageStartingWith("JavaCPP's classes of PyTorch work with the presets' libtorch only")
                    .hasMessageContaining(Libtorch.info().path().toString());
        }
        assertThat(mapped("libtorch_cpu.so")).containsExactly(Libtorch.info().path().resolve("libtorch_cpu.so"));
        assertThat(mapped("libjnitorch.so")).isEmpty();
    }

    private static java.util.List<Path> mapped(String library) throws IOException {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.endsWith("/" + library)).map(line -> Path.of(line.substring(line.indexOf('/')))).distinct()
                    .toList();
        }
    }
}
