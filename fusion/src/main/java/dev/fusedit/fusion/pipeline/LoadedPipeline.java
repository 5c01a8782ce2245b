package dev.fusedit.fusion.pipeline;

import dev.fusedit.fusion.text.SubwordTokenizer;
import dev.fusedit.nn.Weights;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// A pipeline and what it owns; closing it frees the weights and the tokenizers that were opened with it.
///
/// @param defaults how it draws unless told otherwise
/// @param weights by part: `transformer`, and where the model has them `vae`, `llm` and `clip`
/// @param tokenizers folders that the tokenizers were read from, `tokenizer` and `clip_tokenizer`; none for those that were given
public record LoadedPipeline(TextToImagePipeline pipeline, PictureDefaults defaults, Map<String, Weights> weights,
        Map<String, Path> tokenizers, List<SubwordTokenizer> opened) implements AutoCloseable {
    public LoadedPipeline {
        weights = Map.copyOf(weights);
        tokenizers = Map.copyOf(tokenizers);
        opened = List.copyOf(opened);
    }

    /// A fused model of pixels, whose tokenizer owns nothing.
    ///
    /// @param transformer its weights, which are closed with it
    public static LoadedPipeline of(TextToImagePipeline pipeline, PictureDefaults defaults, Weights transformer) {
        return new LoadedPipeline(pipeline, defaults, Map.of(PipelineFolder.TRANSFORMER, transformer), Map.of(), List.of());
    }

    @Override
    public void close() {
        weights.values().forEach(Weights::close);
        opened.forEach(SubwordTokenizer::close);
    }
}
