package dev.fusedit.fusion.pipeline;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.fusion.dit.FuseDiT;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.ModelConfigJson;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// A fused model in a folder: `config.json` in the fields of the paper's published models, `model.safetensors` under their names.
public final class ModelFolder {
    public static final String CONFIG = "config.json";
    public static final String WEIGHTS = "model.safetensors";
    private static final JsonMapper JSON = new JsonMapper();

    private ModelFolder() {}

    /// A model and what it has learned; closing it frees the weights.
    public record Loaded(FuseDiT model, Weights weights) implements AutoCloseable {
        @Override
        public void close() { weights.close(); }
    }

    /// Reads a folder.
    ///
    /// @throws UserError if it is no model folder, or its files are broken or do not fit each other
    public static Loaded read(Path folder, DTypePolicy policy) {
        var config = config(folder);
        try (var file = SafeTensors.open(folder.resolve(WEIGHTS))) {
            var weights = Weights.stored(file, policy);
            try {
                var model = FuseDiT.of(config, weights);
                weights.requireComplete();
                return new Loaded(model, weights);
            } catch (RuntimeException e) {
                weights.close();
                throw e;
            }
        }
    }

    /// The configuration alone.
    public static FuseDiTConfig config(Path folder) {
        var file = folder.resolve(CONFIG);
        if (!Files.isDirectory(folder)) {
            throw new UserError("%s is %s, not a model folder".formatted(folder, Files.exists(folder) ? "a file" : "not there"));
        }
        if (!Files.isRegularFile(file)) {
            throw new UserError("%s is not a model folder: it has no %s".formatted(folder, CONFIG));
        }
        return ModelConfigJson.fused(JsonFile.object(file, "Copy the model's folder anew"), file.toString());
    }

    /// Writes a folder, which must exist.
    public static void write(Path folder, FuseDiTConfig config, Weights weights) throws IOException {
        write(folder, config, weights.state());
    }

    /// As [#write(Path, FuseDiTConfig, Weights)] with other values under the same names: a moving average.
    public static void write(Path folder, FuseDiTConfig config, Map<String, Tensor> state) throws IOException {
        JSON.writerWithDefaultPrettyPrinter().writeValue(folder.resolve(CONFIG).toFile(), ModelConfigJson.json(config));
        SafeTensors.write(folder.resolve(WEIGHTS), state, Map.of("format", "pt"));
    }
}
