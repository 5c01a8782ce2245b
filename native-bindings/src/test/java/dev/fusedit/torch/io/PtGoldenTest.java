package dev.fusedit.torch.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.UserError;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What torch.save makes (`src/test/python/pt_golden.py`).
@ExtendWith(NoTensorLeaks.class)
class PtGoldenTest {
    private static String sha256(String name) {
        try (var file = TensorFiles.open(Goldens.path("pt/" + name))) {
            return FileInfo.sha256(file);
        }
    }

    /// Strided, permuted, expanded, empty, not-a-number; every bit of them.
    @ParameterizedTest
    @ValueSource(strings = {"views_protocol2.pt", "views_protocol3.pt", "views_protocol4.pt", "views_protocol5.pt", "views_legacy.pt"})
    void viewsOfEveryKind(String name) { assertThat(sha256(name)).isEqualTo(sha256("views.safetensors")); }

    @ParameterizedTest
    @ValueSource(strings = {"run.pt", "run_protocol4.pt", "run_legacy.pt"})
    void modelAndOptimizer(String name) { assertThat(sha256(name)).isEqualTo(sha256("run.safetensors")); }

    @Test
    void otherValues() {
        try (var file = (PtFile) TensorFiles.open(Goldens.path("pt/run_protocol4.pt"))) {
            assertThat(file.values()).containsEntry("shape.2", 4L).containsEntry("big", BigInteger.ONE.shiftLeft(70))
                    .containsEntry("negative", -(1L << 40))
                    .containsEntry("tuple.1.0", 2.5).containsEntry("tuple.1.1", null).containsEntry("tuple.2", "grüße")
                    .containsEntry("optimizer.param_groups.0.lr", 3e-4).containsEntry("dtype", "torch.bfloat16");
            assertThat((byte[]) file.values().get("bytes")).isEqualTo("raw".getBytes(StandardCharsets.US_ASCII));
        }
    }

    @Test
    void tensorsWithoutNames() {
        try (var one = TensorFiles.open(Goldens.path("pt/tensor.pt")); var list = TensorFiles.open(Goldens.path("pt/list.pt"))) {
            assertThat(one.names()).containsExactly("tensor");
            assertThat(list.names()).containsExactly("0", "1.a");
            assertThat(list.read("1.a").sameValues(one.read("tensor").select(0, 0))).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"complex.pt", "complex_legacy.pt"})
    void complexNumbers(String name) {
        try (var file = TensorFiles.open(Goldens.path("pt/" + name)); var same = TensorFiles.open(Goldens.path("pt/complex.safetensors"))) {
            assertThat(file.read("c64").sameValues(same.read("c64"))).isTrue();
            assertThat(file.read("c64").viewAsReal().toFloats()).containsExactly(0, -0f, 1, -0.25f, 2, -0.5f);
            assertThat(file.read("c128").dtype()).isEqualTo(DType.C128);
            assertThat(file.read("c128").viewAsReal().toDoubles()).containsExactly(0.1f, -2);
        }
    }

    /// Weights under the names of the state dict, whatever else a module holds; no program is run. `torchscript_golden.py` made them.
    @ParameterizedTest
    @ValueSource(strings = {"torchscript", "torchscript_traced"})
    void torchScriptIsAContainerOfItsWeights(String name) {
        try (var script = TensorFiles.open(Goldens.path("pt/" + name + ".pt"));
                var state = TensorFiles.open(Goldens.path("pt/" + name + "_state.pt"))) {
            assertThat(script.names()).containsExactlyInAnyOrderElementsOf(state.names()).hasSizeGreaterThan(6);
            for (var tensor : state.names()) {
                assertThat(script.info(tensor).dtype()).isEqualTo(state.info(tensor).dtype());
                assertThat(script.read(tensor).sameValues(state.read(tensor))).as(tensor).isTrue();
            }
        }
    }

    @Test
    void attributesOfTorchScriptAreValues() {
        try (var file = (PtFile) TensorFiles.open(Goldens.path("pt/torchscript.pt"))) {
            assertThat(file.values()).containsEntry("names.two", 2L).containsEntry("scales.1", 1.5).containsEntry("flags.0", true)
                    .containsEntry("pair.1", "seven").containsEntry("nothing", null).containsEntry("layers.0.sizes.1", 3L);
        }
    }

    @ParameterizedTest
    @CsvSource({"whole_module.pt,names torch.nn.modules.container.Sequential",
        "whole_module_legacy.pt,names torch.nn.modules.container.Sequential",
        "torchscript_setstate.pt,has an object of __torch__.Packed whose state its own code unpacks",
        "sparse.pt,names torch._utils._rebuild_sparse_tensor",
        "quantised.pt,names torch._utils._rebuild_qtensor", "numpy.pt,names numpy._core.multiarray._reconstruct",
        "device.pt,names torch.device",
        "complex32.pt,holds a torch.complex32", "conjugate.pt,has a tensor that is a conjugate or negated view",
        "float8.pt,holds a torch.float8_e4m3fn", "uint16.pt,holds a torch.uint16"})
    void refused(String name, String cause) {
        var path = Goldens.path("pt/refused/" + name);
        assertThatThrownBy(() -> TensorFiles.open(path)).isInstanceOf(UserError.class).hasMessageStartingWith(path + ": " + cause);
    }
}
