package dev.fusedit.torch.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class ShardedWriterTest {
    @TempDir
    private Path folder;

    private static Map<String, Tensor> tensors() {
        var result = new LinkedHashMap<String, Tensor>();
        result.put("layers.0.w", Tensor.randn(new Seed(1), DType.F32, 10, 5)); // 200 bytes
        result.put("layers.1.w", Tensor.randn(new Seed(2), DType.F32, 5, 10).transpose(0, 1));
        result.put("ids", Tensor.arange(3));
        result.put("large", Tensor.randn(new Seed(3), DType.F32, 100).to(DType.BF16).reshape(10, 10));
        result.put("last", Tensor.of(new float[] {7}));
        return result;
    }

    @Test
    void shardsComeBack() throws IOException {
        var tensors = tensors();
        var index = new ShardedWriter(folder, "model", 250).write(tensors, Map.of("made", "here"));
        assertThat(folder).isDirectoryContaining("glob:**model-00001-of-00003.safetensors");
        assertThat(index).hasFileName("model.safetensors.index.json").content().contains("\"total_size\" : 628");
        try (var file = TensorFiles.open(index)) {
            assertThat(file.kind()).isEqualTo("safetensors-index");
            assertThat(file.names()).containsExactlyElementsOf(tensors.keySet());
            tensors.forEach((name, tensor) -> assertThat(file.read(name).sameValues(tensor)).as(name).isTrue());
            assertThat(file.metadata()).containsEntry("format", "pt").containsEntry("made", "here");
        }
    }

    @Test
    void oneFileBelowTheLimitAndNothingOldBesideIt() throws IOException {
        var tensors = tensors();
        new ShardedWriter(folder, "model", 250).write(tensors, Map.of());
        Files.writeString(folder.resolve("model_notes.txt"), "stays");
        assertThat(new ShardedWriter(folder, "model").write(tensors, Map.of())).hasFileName("model.safetensors");
        try (var files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder("model.safetensors", "model_notes.txt");
        }
        new ShardedWriter(folder, "model", 250).write(tensors, Map.of());
        assertThat(folder.resolve("model.safetensors")).doesNotExist();
    }

    @Test
    void shardOfAnotherModelIsRefused() throws IOException {
        var index = new ShardedWriter(folder, "model", 250).write(tensors(), Map.of());
        SafeTensors.write(folder.resolve("model-00003-of-00003.safetensors"),
                Map.of("large", Tensor.arange(1), "last", Tensor.arange(1), "stray", Tensor.arange(1)),
                Map.of());
        assertThatThrownBy(() -> TensorFiles.open(index)).isInstanceOf(UserError.class)
                .hasMessageContaining("stray in model-00003-of-00003.safetensors").hasMessageEndingWith("of different models (1 tensor)");
    }

    @Test
    void manyMissingTensorsAreListedShortly() throws IOException {
        var index = new ShardedWriter(folder, "model", 250).write(tensors(), Map.of());
        var text = new StringBuilder("{\"weight_map\": {");
        for (int i = 0; i < 12; i++) {
            text.append("\"t").append(i).append("\": \"model-00001-of-00003.safetensors\"").append(i < 11 ? ", " : "}}");
        }
        Files.writeString(index, text);
        assertThatThrownBy(() -> TensorFiles.open(index)).isInstanceOf(UserError.class).hasMessageContaining("t9 in")
                .hasMessageContaining("and 2 more")
                .hasMessageNotContaining("t10").hasMessageEndingWith("(12 tensors)");
    }
}
