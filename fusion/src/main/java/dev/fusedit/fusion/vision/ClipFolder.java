package dev.fusedit.fusion.vision;

import dev.fusedit.fusion.text.SubwordTokenizer;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.JsonFile;
import java.nio.file.Path;
import java.util.List;

/// A whole CLIP in a folder as Hugging Face has them: `config.json`, the weights of both sides, its tokenizer, and what
/// images are normalised by in `preprocessor_config.json`.
public final class ClipFolder {
    private static final String REMEDY = "Give a whole CLIP's folder in Hugging Face's form";

    private ClipFolder() {}

    /// Both sides; closing it frees the weights and the tokenizer.
    public record Loaded(ClipTextModel text, ClipVisionModel vision, List<Weights> weights, SubwordTokenizer tokenizer,
            Normalization normalization) implements AutoCloseable {
        @Override
        public void close() {
            weights.forEach(Weights::close);
            tokenizer.close();
        }
    }

    /// @throws UserError if it is no folder of such a model, or its files are broken or do not fit each other
    public static Loaded read(Path folder, DTypePolicy policy) {
        var file = folder.resolve(FolderTensors.CONFIG);
        var json = JsonFile.object(file, REMEDY);
        if (!json.has("text_config") || !json.has("vision_config")) {
            throw new UserError("%s: is of one side of a CLIP, and both are needed. %s".formatted(file, REMEDY));
        }
        try (var tensors = FolderTensors.open(folder)) {
            Weights read = Weights.stored(ClipTextModel.named(tensors), policy),
                    seen = Weights.stored(ClipVisionModel.named(tensors), policy);
            try {
                var text = ClipTextModel.of(ClipTextConfig.of(json, file.toString()), read);
                var vision = ClipVisionModel.of(ClipVisionConfig.of(json, file.toString()), seen);
                read.requireComplete();
                seen.requireComplete();
                var normalization = Normalization.read(folder.resolve(DinoFolder.IMAGES), Normalization.CLIP, REMEDY);
                var tokenizer = SubwordTokenizer.clip(folder);
                return new Loaded(text, vision, List.of(read, seen), tokenizer, normalization);
            } catch (RuntimeException e) {
                read.close();
                seen.close();
                throw e;
            }
        }
    }
}
