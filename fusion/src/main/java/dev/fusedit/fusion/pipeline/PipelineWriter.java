package dev.fusedit.fusion.pipeline;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.ModelConfigJson;
import dev.fusedit.fusion.dit.ShallowModelConfig;
import dev.fusedit.fusion.flow.SchedulerConfigs;
import dev.fusedit.fusion.llm.Family;
import dev.fusedit.fusion.llm.LanguageConfigs;
import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.text.OwnTokenizer;
import dev.fusedit.fusion.text.PretrainedTokenizer;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.fusion.vae.Pixels;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.ShardedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Writes a pipeline's folder part by part, the index last.
final class PipelineWriter {
    private static final String DIFFUSERS = "0.32.0"; // whose form this is
    private static final String TRANSFORMERS = "transformers";
    private static final String FAST = "PreTrainedTokenizerFast";
    /// What transformers' classes save.
    private static final Set<String> OF_TOKENIZERS = Set.of("tokenizer.json", "tokenizer.model", "tokenizer_config.json",
            "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja", "chat_template.json");

    private final Path folder;
    private final long limit;
    private final @Nullable DType dtype;
    private final ObjectNode index = JsonNodeFactory.instance.objectNode();

    /// @param limit bytes of one file of weights
    /// @param dtype what weights are stored in; null as they are
    PipelineWriter(Path folder, long limit, @Nullable DType dtype) {
        this.folder = folder;
        this.limit = limit;
        this.dtype = dtype;
    }

    void write(LoadedPipeline parts) throws IOException {
        var pipeline = parts.pipeline();
        index.put("_class_name", name(pipeline)).put("_diffusers_version", DIFFUSERS);
        index.set(PipelineFolder.OURS, ours(parts));
        Files.createDirectories(folder);
        model(parts);
        space(parts);
        if (pipeline.pooled() != null) {
            pretrained(PipelineFolder.CLIP, "CLIPTextModelWithProjection", pipeline.pooled().clip().config().json(),
                    weights(parts, PipelineFolder.CLIP));
            tokenizer(PipelineFolder.CLIP_TOKENIZER, parts);
        }
        tokenizer(PipelineFolder.TOKENIZER, parts);
        json(part(PipelineFolder.SCHEDULER, "diffusers", "FlowMatchEulerDiscreteScheduler").resolve(PipelineFolder.SCHEDULER_CONFIG),
                scheduler(pipeline));
        Files.writeString(folder.resolve(PipelineFolder.README), PipelineNotes.of(parts).page());
        json(folder.resolve(PipelineFolder.INDEX), index);
    }

    private static ObjectNode ours(LoadedPipeline parts) {
        return PipelineFolder.ours(parts.defaults(), parts.pipeline().tokenizer(),
                weights(parts, PipelineFolder.TRANSFORMER).policy().compute());
    }

    private static ObjectNode scheduler(TextToImagePipeline pipeline) {
        return SchedulerConfigs.json(pipeline.scheduler(), pipeline.prediction()).put("_diffusers_version", DIFFUSERS);
    }

    /// The model alone, in one folder; its configuration last.
    void writeModel(LoadedPipeline parts) throws IOException {
        var pipeline = parts.pipeline();
        var own = weights(parts, PipelineFolder.TRANSFORMER);
        Files.createDirectories(folder);
        try (var _ = TensorScope.open()) {
            var state = switch (pipeline.model().config()) {
                case FuseDiTConfig _ -> own.mergedLocalState();
                case ShallowModelConfig _ -> {
                    var both = new LinkedHashMap<String, Tensor>();
                    own.mergedLocalState().forEach((name, value) -> both.put("dit." + name, value));
                    weights(parts, PipelineFolder.LLM).mergedLocalState().forEach((name, value) -> both.put("llm." + name, value));
                    yield both;
                }
            };
            new ShardedWriter(folder, "model", limit).write(stored(state), Map.of());
        }
        writeTokenizer(PipelineFolder.TOKENIZER, parts, folder);
        json(folder.resolve(PipelineFolder.SCHEDULER_CONFIG), scheduler(pipeline));
        var config = configuration(parts);
        config.set(PipelineFolder.OURS, ours(parts));
        json(folder.resolve(PipelineFolder.CONFIG), typed(config, own));
    }

    /// The paper's class, or for models of pixels, which it has none for, a name that no library knows.
    private static String name(TextToImagePipeline pipeline) {
        var pixels = switch (pipeline.space()) {
            case AutoencoderKL _ -> "";
            case Pixels _ -> "Pixel";
        };
        return pixels + ModelConfigJson.type(pipeline.model().config()) + (pipeline.pooled() == null ? "Pipeline" : "PipelineWithCLIP");
    }

    private void space(LoadedPipeline parts) throws IOException {
        switch (parts.pipeline().space()) {
            case AutoencoderKL vae -> {
                var own = weights(parts, PipelineFolder.VAE);
                part(PipelineFolder.VAE, "diffusers", "AutoencoderKL", vae.config().json().put("_diffusers_version", DIFFUSERS),
                        "diffusion_pytorch_model", own);
            }
            case Pixels() -> index.putArray(PipelineFolder.VAE).addNull().addNull();
        }
    }

    private static Weights weights(LoadedPipeline parts, String name) { return Objects.requireNonNull(parts.weights().get(name), name); }

    private void model(LoadedPipeline parts) throws IOException {
        var own = weights(parts, PipelineFolder.TRANSFORMER);
        var model = parts.pipeline().model();
        part(PipelineFolder.TRANSFORMER, "diffusion.models", ModelConfigJson.type(model.config()), typed(configuration(parts), own),
                "model",
                own);
        switch (model.config()) {
            case FuseDiTConfig _ -> {}
            case ShallowModelConfig _ -> llm(model.llm(), weights(parts, PipelineFolder.LLM));
        }
    }

    private static ObjectNode configuration(LoadedPipeline parts) {
        var model = parts.pipeline().model().config();
        var config = ModelConfigJson.json(model);
        config.putArray("architectures").add(ModelConfigJson.type(model));
        if (!config.has("sample_size")) { // the size that Python samples unless told otherwise
            config.put("sample_size", parts.defaults().height() / parts.pipeline().space().factor());
        }
        return config;
    }

    /// Without its head, which nothing here reads, and so without the prefix that tells the two apart.
    private void llm(LanguageModel model, Weights own) throws IOException {
        var type = switch (model.config().family()) {
            case Family.Gemma _ -> "GemmaModel";
            case Family.Gemma2 _ -> "Gemma2Model";
            case Family.Gemma3 _ -> "Gemma3TextModel";
            case Family.Llama _ -> "LlamaModel";
            case Family.Qwen3 _ -> "Qwen3Model";
        };
        var config = LanguageConfigs.json(model.config());
        config.putArray("architectures").add(type);
        pretrained(PipelineFolder.LLM, type, config, own);
    }

    private void pretrained(String name, String type, ObjectNode config, Weights own) throws IOException {
        part(name, TRANSFORMERS, type, typed(config, own), "model", own);
    }

    private ObjectNode typed(ObjectNode config, Weights own) {
        return config.put("torch_dtype", switch (dtype == null ? own.policy().master() : dtype) {
            case BF16 -> "bfloat16";
            case F16 -> "float16";
            default -> "float32";
        });
    }

    /// With adapters merged.
    private void part(String name, String library, String type, ObjectNode config, String stem, Weights own) throws IOException {
        var place = part(name, library, type);
        json(place.resolve(PipelineFolder.CONFIG), config);
        try (var _ = TensorScope.open()) {
            new ShardedWriter(place, stem, limit).write(stored(own.mergedLocalState()), Map.of());
        }
    }

    private Map<String, Tensor> stored(Map<String, Tensor> state) {
        var stored = new LinkedHashMap<String, Tensor>();
        state.forEach((name, value) -> stored.put(name, dtype == null || !value.dtype().isFloating() ? value : value.to(dtype)));
        return stored;
    }

    private Path part(String name, String library, String type) throws IOException {
        index.putArray(name).add(library).add(type);
        return Files.createDirectories(folder.resolve(name));
    }

    private void tokenizer(String name, LoadedPipeline parts) throws IOException {
        var source = parts.tokenizers().get(name);
        if (source == null && !(name.equals(PipelineFolder.TOKENIZER) && isWritten(parts.pipeline().tokenizer()))) {
            index.putArray(name).addNull().addNull();
            return;
        }
        writeTokenizer(name, parts, part(name, TRANSFORMERS, source == null ? FAST : type(name, source)));
    }

    private static boolean isWritten(Tokenizer tokenizer) {
        return tokenizer instanceof OwnTokenizer || tokenizer instanceof PretrainedTokenizer;
    }

    /// Nothing, for one that was given and is of no kind that is written.
    private static void writeTokenizer(String name, LoadedPipeline parts, Path place) throws IOException {
        var source = parts.tokenizers().get(name);
        if (source != null) {
            copy(source, place);
        } else if (parts.pipeline().tokenizer() instanceof OwnTokenizer own) {
            own(own, place);
        } else if (parts.pipeline().tokenizer() instanceof PretrainedTokenizer pretrained) {
            pretrained.write(place);
        }
    }

    /// The class that reads what is there.
    private static String type(String name, Path source) {
        var whole = Files.isRegularFile(source.resolve("tokenizer.json"));
        return name.equals(PipelineFolder.TOKENIZER) ? whole ? FAST : "GemmaTokenizer" : whole ? "CLIPTokenizerFast" : "CLIPTokenizer";
    }

    private static void own(OwnTokenizer tokenizer, Path place) throws IOException {
        Files.writeString(place.resolve("tokenizer.json"), tokenizer.toLibraryJson());
        json(place.resolve("tokenizer_config.json"),
                JsonNodeFactory.instance.objectNode().put("tokenizer_class", FAST).put("pad_token", "<pad>")
                        .put("eos_token", "<eos>").put("bos_token", "<bos>").put("unk_token", "<unk>").put("padding_side", "right"));
    }

    /// A tokenizer may lie in its language model's folder, beside weights.
    private static void copy(Path from, Path to) throws IOException {
        if (from.toRealPath().equals(to.toRealPath())) {
            return;
        }
        try (var files = Files.newDirectoryStream(from,
                file -> Files.isRegularFile(file) && OF_TOKENIZERS.contains(file.getFileName().toString()))) {
            for (var file : files) {
                Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private static void json(Path file, ObjectNode json) throws IOException { Files.writeString(file, json.toPrettyString() + "\n"); }
}
