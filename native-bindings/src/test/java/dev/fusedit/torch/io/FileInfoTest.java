package dev.fusedit.torch.io;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class FileInfoTest {
    @TempDir
    private Path folder;

    private static FileInfo info(Path path) {
        try (var file = TensorFiles.open(path)) {
            return FileInfo.of(file);
        }
    }

    private static String sha256(Path path) {
        try (var file = TensorFiles.open(path)) {
            return FileInfo.sha256(file);
        }
    }

    @Test
    void partsAreWhereNamesDiffer() {
        assertThat(info(Goldens.path("checkpoints/ema.pt.zst")))
                .isEqualTo(new FileInfo("pt-zst", 48, Map.of("_orig_module", 16L, "dit", 32L), 3, Map.of("f32", 3)));
        assertThat(info(Goldens.path("checkpoints/sharded/model.safetensors.index.json")).parts()).containsExactly(Map.entry("a", 16L),
                Map.entry("b", 11L));
        assertThat(info(Goldens.path("gguf/small.gguf")).dtypes()).containsEntry("q6_k", 1).containsEntry("bf16", 1).hasSize(14);
    }

    @Test
    void commonBeginningIsNoPart() throws IOException {
        var one = Tensor.of(new float[] {1});
        var path = folder.resolve("a.safetensors");
        SafeTensors.write(path, Map.of("model.layers.0.w", one, "model.layers.1.w", one, "model.norm", one), Map.of());
        assertThat(info(path).parts()).isEqualTo(Map.of("model.layers", 2L, "model.norm", 1L));
        SafeTensors.write(path, Map.of("model.w", one), Map.of());
        assertThat(info(path).parts()).isEqualTo(Map.of("model.w", 1L));
        SafeTensors.write(path, Map.of(), Map.of());
        assertThat(info(path)).isEqualTo(new FileInfo("safetensors", 0, Map.of(), 0, Map.of()));
    }

    @Test
    void sumIsOfTheWeightsAndNotOfTheFormat() throws IOException {
        var original = Goldens.path("checkpoints/nested.pt");
        var copy = folder.resolve("copy.safetensors");
        try (var file = TensorFiles.open(original)) {
            var tensors = new LinkedHashMap<String, Tensor>();
            file.names().forEach(name -> tensors.put(name, file.read(name)));
            SafeTensors.write(copy, tensors, Map.of("any", "thing"));
            assertThat(sha256(copy)).hasSize(64).isEqualTo(sha256(original))
                    .isEqualTo(sha256(Goldens.path("checkpoints/nested_legacy.pt")));
            for (var change : Map.of("dtype", tensors.get("model.half").to(dev.fusedit.torch.DType.F32), "shape",
                    tensors.get("model.half").reshape(4, 3), "value",
                    tensors.get("model.half").neg()).values()) {
                var changed = new HashMap<>(tensors);
                changed.put("model.half", change);
                SafeTensors.write(copy, changed, Map.of());
                assertThat(sha256(copy)).isNotEqualTo(sha256(original));
            }
        }
    }
}
