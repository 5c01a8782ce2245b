package dev.fusedit.fusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.fusion.Goldens;
import dev.fusedit.fusion.dit.ModelConfigJson;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class ModelFolderTest {
    /// A golden case as a model folder: the configuration there is one level down.
    private static Path folder(String name, Path target) throws IOException {
        var source = Goldens.folder("transformer/" + name);
        Files.copy(source.resolve("model.safetensors"), target.resolve("model.safetensors"));
        Files.writeString(target.resolve("config.json"),
                new ObjectMapper().readTree(source.resolve("config.json").toFile()).get("reference").toString());
        return target;
    }

    @ParameterizedTest
    @ValueSource(strings = {"baseline", "2d-rope", "large-scale"})
    void whatIsWrittenIsRead(String name, @TempDir Path first, @TempDir Path second) throws IOException {
        try (var model = ModelFolder.read(folder(name, first), DTypePolicy.F32)) {
            ModelFolder.write(second, model.model().config(), model.weights());
            try (var again = ModelFolder.read(second, DTypePolicy.F32)) {
                assertThat(again.model().config()).isEqualTo(model.model().config());
                model.weights().state()
                        .forEach((key, value) -> assertThat(again.weights().state().get(key).sameValues(value)).as(key).isTrue());
            }
        }
    }

    @Test
    void aConfigurationIsItsOwnJson(@TempDir Path folder) throws IOException {
        var config = ModelFolder.config(folder("baseline", folder));
        assertThat(ModelConfigJson.fused(ModelConfigJson.json(config), "here")).isEqualTo(config);
    }

    @Test
    void whatIsNoModelFolderIsSaid(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> ModelFolder.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("no config.json");
        var file = Files.writeString(folder.resolve("config.json"), "{\"pos_embed\": 3}");
        assertThatThrownBy(() -> ModelFolder.read(file, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("a file, not a model folder");
        assertThatThrownBy(() -> ModelFolder.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("base_config is missing, it must be an object");
        Files.writeString(file, "{");
        assertThatThrownBy(() -> ModelFolder.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("not valid JSON");
    }

    @Test
    void weightsThatDoNotFitAreRefusedAndFreed(@TempDir Path folder) throws IOException {
        folder("baseline", folder);
        var config = folder.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("\"dit_num_hidden_layers\":3", "\"dit_num_hidden_layers\":4"));
        var before = TensorScope.live();
        assertThatThrownBy(() -> ModelFolder.read(folder, DTypePolicy.F32)).isInstanceOf(UserError.class)
                .hasMessageContaining("dit.layers.3.");
        assertThat(TensorScope.live()).isEqualTo(before);
    }
}
