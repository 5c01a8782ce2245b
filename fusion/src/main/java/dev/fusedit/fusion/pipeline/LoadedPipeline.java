package dev.fusedit.fusion.pipeline;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.ShallowModelConfig;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.Guidance;
import dev.fusedit.fusion.flow.Solver;
import dev.fusedit.fusion.text.SubwordTokenizer;
import dev.fusedit.nn.Weights;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// A pipeline and what it owns; closing it frees the weights and the tokenizers that were opened with it.
///
/// @param defaults how it samples unless told otherwise
/// @param weights by part: `transformer`, and where the model has them `vae`, `llm` and `clip`; each part's names begin behind its prefix
/// @param tokenizers folders that the tokenizers were read from, `tokenizer` and `clip_tokenizer`; none for those that were given
public record LoadedPipeline(TextToImagePipeline pipeline, SamplingSettings defaults, Map<String, Weights> weights,
        Map<String, Path> tokenizers, List<SubwordTokenizer> opened) implements AutoCloseable {
    public LoadedPipeline {
        weights = Map.copyOf(weights);
        tokenizers = Map.copyOf(tokenizers);
        opened = List.copyOf(opened);
    }

    /// A model whose tokenizer owns nothing.
    ///
    /// @param all its weights under the names of [dev.fusedit.fusion.dit.ImageModelConfig#build], which are closed with it
    public static LoadedPipeline of(TextToImagePipeline pipeline, SamplingSettings defaults, Weights all) {
        var parts = switch (pipeline.model().config()) {
            case FuseDiTConfig _ -> Map.of(PipelineFolder.TRANSFORMER, all);
            case ShallowModelConfig _ -> Map.of(PipelineFolder.TRANSFORMER, all.in("dit"), PipelineFolder.LLM, all.in("llm"));
        };
        return new LoadedPipeline(pipeline, defaults, parts, Map.of(), List.of());
    }

    /// The same with other defaults.
    public LoadedPipeline sampling(SamplingSettings other) { return new LoadedPipeline(pipeline, other, weights, tokenizers, opened); }

    /// As the paper's pipeline samples: noise levels as diffusers lays them, Euler's steps, guidance at all levels.
    public LoadedPipeline asThePaper() {
        var levels = pipeline.scheduler();
        var scheduler = new FlowMatchScheduler(levels.shift(), levels.levels(), FlowMatchScheduler.Spacing.DIFFUSERS, levels.curve(),
                levels.terminal(), levels.inverted());
        var sampled = defaults.solver(Solver.EULER).guidance(Guidance.of(defaults.guidance().factor()));
        return new LoadedPipeline(
                new TextToImagePipeline(pipeline.model(), pipeline.tokenizer(), pipeline.pooled(), pipeline.space(), scheduler,
                        pipeline.prediction(), pipeline.forgetsPrompt()),
                sampled, weights, tokenizers, opened);
    }

    /// Owns the autoencoder's weights too.
    public LoadedPipeline withVae(Weights vae) {
        return new LoadedPipeline(pipeline, defaults, with(PipelineFolder.VAE, vae), tokenizers, opened);
    }

    /// Owns the CLIP model's weights and its tokenizer too.
    ///
    /// @param folder that the tokenizer was read from
    public LoadedPipeline withClip(Weights clip, SubwordTokenizer tokenizer, Path folder) {
        var folders = ImmutableMap.<String, Path>builder().putAll(tokenizers).put(PipelineFolder.CLIP_TOKENIZER, folder).buildOrThrow();
        var all = ImmutableList.<SubwordTokenizer>builder().addAll(opened).add(tokenizer).build();
        return new LoadedPipeline(pipeline, defaults, with(PipelineFolder.CLIP, clip), folders, all);
    }

    private ImmutableMap<String, Weights> with(String part, Weights its) {
        return ImmutableMap.<String, Weights>builder().putAll(weights).put(part, its).buildOrThrow();
    }

    @Override
    public void close() {
        weights.values().forEach(Weights::close);
        opened.forEach(SubwordTokenizer::close);
    }

    @Override
    public String toString() { return "LoadedPipeline[" + pipeline + ", " + defaults + "]"; }
}
