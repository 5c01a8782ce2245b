package dev.fusedit.fusion.vision;

import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.JsonFile;
import java.nio.file.Path;

/// A [DinoModel] in a folder as Hugging Face has them: `config.json`, `model.safetensors` (or its shards, or `pytorch_model.bin`), and what
/// images are normalised by in `preprocessor_config.json`.
public final class DinoFolder {
    public static final String CONFIG = "config.json";
    public static final String IMAGES = "preprocessor_config.json";
    private static final String REMEDY = "Give a DINOv2's folder in Hugging Face's form";

    private DinoFolder() {}

    /// A model and what it has learned; closing it frees the weights.
    public record Loaded(DinoModel model, Weights weights, Normalization normalization) implements AutoCloseable {
        @Override
        public void close() { weights.close(); }
    }

    /// @throws UserError if it is no folder of such a model, or its files are broken or do not fit each other
    public static Loaded read(Path folder, DTypePolicy policy) {
        try (var file = FolderTensors.open(folder)) {
            var config = DinoConfig.of(JsonFile.object(folder.resolve(CONFIG), REMEDY), folder.resolve(CONFIG).toString());
            var normalization = Normalization.read(folder.resolve(IMAGES), Normalization.IMAGENET, REMEDY);
            var weights = Weights.stored(file, policy);
            try {
                var model = DinoModel.of(config, weights);
                weights.requireComplete();
                return new Loaded(model, weights, normalization);
            } catch (RuntimeException e) {
                weights.close();
                throw e;
            }
        }
    }
}
