package dev.fusedit.fusion.pipeline;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.dit.ModelConfigJson;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.TensorSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Where the parts of a pipeline lie, and what is said of them: in one folder, or each elsewhere. No tensor is read.
///
/// @param place what messages call the whole
/// @param index as a `model_index.json` has it
/// @param transformer the transformer's configuration
/// @param weights the transformer's file, or the index of its shards; of a baseline perhaps with the language model, the one under `dit.`, the
///        other under `llm.`
/// @param scheduler as a `scheduler_config.json` has it
/// @param folders of the other parts by name, `vae`, `llm`, `clip`, `tokenizer`, `clip_tokenizer`; a language model's may be a GGUF file. One that
///        is missed is told as missing from the place
public record PipelineParts(Path place, Said index, Said transformer, Path weights, Said scheduler, Map<String, Path> folders) {
    public static final String VAE = PipelineFolder.VAE, LLM = PipelineFolder.LLM, CLIP = PipelineFolder.CLIP,
            TOKENIZER = PipelineFolder.TOKENIZER, CLIP_TOKENIZER = PipelineFolder.CLIP_TOKENIZER;
    private static final String TEXT_ENCODER = "text_encoder";
    private static final String REMEDY = "A pipeline needs it: fetch its folder anew";

    /// A JSON object, and what messages call it.
    public record Said(ObjectNode json, String where) {
        /// @throws UserError if it is not there or broken
        public static Said in(Path file) { return new Said(JsonFile.object(file, REMEDY), file.toString()); }
    }

    public PipelineParts {
        folders = Map.copyOf(folders);
    }

    /// Those of a pipeline's folder.
    ///
    /// @throws UserError if it is none, or lacks its transformer or scheduler
    public static PipelineParts of(Path folder) {
        if (!PipelineFolder.is(folder)) {
            throw new UserError("%s is no pipeline's folder: it has no %s".formatted(folder, PipelineFolder.INDEX));
        }
        var transformer = folder.resolve(PipelineFolder.TRANSFORMER);
        return new PipelineParts(folder, Said.in(folder.resolve(PipelineFolder.INDEX)), Said.in(transformer.resolve(PipelineFolder.CONFIG)),
                FolderTensors.weights(transformer),
                Said.in(folder.resolve(PipelineFolder.SCHEDULER).resolve(PipelineFolder.SCHEDULER_CONFIG)),
                Map.of(VAE, folder.resolve(VAE), LLM, either(folder, LLM), CLIP, either(folder, CLIP), TOKENIZER, folder.resolve(TOKENIZER),
                        CLIP_TOKENIZER, folder.resolve(CLIP_TOKENIZER)));
    }

    /// The paper's name of a part, or diffusers' one.
    private static Path either(Path folder, String name) {
        var own = folder.resolve(name);
        return Files.isDirectory(own) || !Files.isDirectory(folder.resolve(TEXT_ENCODER)) ? own : folder.resolve(TEXT_ENCODER);
    }

    /// Where a part is, or would be.
    Path folder(String name) { return folders.getOrDefault(name, place.resolve(name)); }

    ImageModelConfig config() { return ModelConfigJson.read(transformer.json(), transformer.where()); }

    /// Whether a baseline's file is of the whole model, and not of its image side alone.
    public static boolean holdLanguageModel(TensorSource file) { return file.names().stream().anyMatch(name -> name.startsWith("llm.")); }

    /// Has an index say that there is no autoencoder: the model is of pixels.
    public static ObjectNode ofPixels(ObjectNode index) {
        index.putArray(VAE).addNull().addNull();
        return index;
    }
}
