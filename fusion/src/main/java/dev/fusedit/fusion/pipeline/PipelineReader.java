package dev.fusedit.fusion.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.fusion.config.DescriptionCheck;
import dev.fusedit.fusion.config.KnownFields;
import dev.fusedit.fusion.config.ModelDescription;
import dev.fusedit.fusion.dit.FuseDiT;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.dit.ShallowModelConfig;
import dev.fusedit.fusion.flow.SchedulerConfigs;
import dev.fusedit.fusion.llm.LanguageConfigs;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.LanguageModels;
import dev.fusedit.fusion.text.ChatTemplate;
import dev.fusedit.fusion.text.Instruction;
import dev.fusedit.fusion.text.PretrainedTokenizer;
import dev.fusedit.fusion.text.SubwordTokenizer;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.fusion.vae.LatentSpace;
import dev.fusedit.fusion.vae.Pixels;
import dev.fusedit.fusion.vision.ClipTextConfig;
import dev.fusedit.fusion.vision.ClipTextModel;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.TensorFiles;
import dev.fusedit.torch.io.TensorSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Reads a pipeline part by part; what was opened before a part that fails is closed.
final class PipelineReader {
    private static final String BF16 = "bfloat16";
    private static final List<String> DTYPES = List.of("float32", BF16, "float16", "auto");
    private static final int USUAL_SIDE = 32; // latents, where the transformer's configuration does not say

    private final PipelineParts parts;
    private final JsonNode index;
    private final DTypePolicy policy;
    private final Map<String, Weights> weights = new LinkedHashMap<>();
    private final Map<String, Path> tokenizers = new LinkedHashMap<>();
    private final List<SubwordTokenizer> opened = new ArrayList<>();

    /// @param adjusted from the parts' own placement to the one that is taken
    PipelineReader(PipelineParts parts, UnaryOperator<DTypePolicy> adjusted) {
        this.parts = parts;
        this.index = parts.index().json();
        this.policy = adjusted.apply(ownPolicy());
    }

    PipelineReader(Path folder, UnaryOperator<DTypePolicy> adjusted) { this(PipelineParts.of(folder), adjusted); }

    LoadedPipeline read(@Nullable Tokenizer text, @Nullable Tokenizer clip) {
        try {
            var model = model();
            var space = space();
            var pooled = model.config().pooledText() > 0 ? pooled(clip) : null;
            var words = text == null ? words(model) : text;
            var scheduler = parts.scheduler();
            var pipeline = new ConfigReader(index, parts.place().toString()).checked(() -> new TextToImagePipeline(model, words, pooled,
                    space, SchedulerConfigs.scheduler(scheduler.json(), scheduler.where()),
                    SchedulerConfigs.prediction(scheduler.json(), scheduler.where()), false));
            return new LoadedPipeline(pipeline, defaults(space), weights, tokenizers, opened);
        } catch (RuntimeException e) {
            weights.values().forEach(Weights::close);
            opened.forEach(SubwordTokenizer::close);
            throw e;
        }
    }

    // ---- what the index says

    private ConfigReader transformer() { return new ConfigReader(parts.transformer().json(), parts.transformer().where()); }

    /// The field that only we read.
    private ConfigReader ours() {
        return new ConfigReader(index.path(PipelineFolder.OURS), parts.index().where() + ": " + PipelineFolder.OURS);
    }

    private DTypePolicy ownPolicy() {
        var stored = stored(transformer());
        var ours = ours();
        var compute = ours.has(PipelineFolder.COMPUTE) ? ours.text(PipelineFolder.COMPUTE) : stored.toString();
        return switch (compute) {
            case "f32" -> DTypePolicy.F32;
            case "bf16" -> new DTypePolicy(stored, DType.BF16, Device.CPU);
            case null, default -> throw ours.unknown(PipelineFolder.COMPUTE, "f32, bf16");
        };
    }

    /// What weights are in, by either of the field's two names. Half precision is widened: nothing here computes in it.
    private static DType stored(ConfigReader fields) {
        var old = dtype(fields, "torch_dtype");
        var name = dtype(fields, "dtype");
        fields.require(old == null || name == null || old.equals(name), "dtype", "must agree with torch_dtype");
        return BF16.equals(name == null ? old : name) ? DType.BF16 : DType.F32;
    }

    private static @Nullable String dtype(ConfigReader fields, String field) {
        var name = fields.text(field);
        var plain = name == null ? null : name.replace("torch.", "");
        if (plain != null && !DTYPES.contains(plain)) {
            throw fields.unknown(field, String.join(", ", DTYPES));
        }
        return plain;
    }

    private SamplingSettings defaults(LatentSpace space) {
        if (index.has(PipelineFolder.OURS)) {
            return SamplingSettings.of(index.get(PipelineFolder.OURS), ours().where());
        }
        var fields = transformer();
        int side = fields.integer("sample_size", USUAL_SIDE, Bound.TABLE) * space.factor();
        return fields.checked(() -> SamplingSettings.usual(side, side));
    }

    /// Diffusers' way to say that a pipeline does without a part.
    private boolean isLeftOut(String part) { return index.path(part).isArray() && index.path(part).path(0).isNull(); }

    // ---- parts

    private LatentSpace space() {
        return isLeftOut(PipelineFolder.VAE) ? new Pixels()
                : part(PipelineFolder.VAE, AutoencoderKL::named,
                        config -> own -> AutoencoderKL.of(AutoencoderConfig.of(json(config), config.toString()), own));
    }

    private ImageModel model() {
        try (var file = TensorFiles.open(parts.weights())) {
            var plain = RenamedTensors.unwrapped(file);
            return switch (parts.config()) {
                case FuseDiTConfig fused -> stored(PipelineFolder.TRANSFORMER, plain, policy, own -> FuseDiT.of(fused, own));
                case ShallowModelConfig shallow -> shallow(shallow, plain);
            };
        }
    }

    /// @param file of the image side, or of the whole model
    private ImageModel shallow(ShallowModelConfig config, TensorSource file) {
        if (PipelineParts.holdLanguageModel(file)) {
            var model = stored(PipelineFolder.TRANSFORMER, file, policy, config::build);
            var all = Objects.requireNonNull(weights.get(PipelineFolder.TRANSFORMER));
            weights.put(PipelineFolder.TRANSFORMER, all.in("dit"));
            weights.put(PipelineFolder.LLM, all.in("llm"));
            return model;
        }
        requireSameText(config.text());
        var llm = LanguageModels.read(parts.folder(PipelineFolder.LLM), policy);
        weights.put(PipelineFolder.LLM, llm.weights().in("model"));
        return stored(PipelineFolder.TRANSFORMER, file, policy, own -> config.build(own, llm.model()));
    }

    /// A baseline's language model is described twice: in its own files, and in the transformer's `base_config`.
    private void requireSameText(LanguageModelConfig within) {
        var place = parts.folder(PipelineFolder.LLM);
        var config = Files.isDirectory(place) ? place.resolve(PipelineFolder.CONFIG) : place;
        if (Files.isRegularFile(config)) {
            try (var own = LanguageModels.open(place)) {
                DescriptionCheck.strict(parts.place().toString()).require(new ModelDescription(config.toString(), compared(own.config())),
                        new ModelDescription(parts.transformer().where() + ": base_config", compared(within)), KnownFields.of(""),
                        "The two must be of one model");
            }
        }
    }

    /// New weights' deviation, padding and the head do not matter to a model that is read for its hidden states.
    private static ObjectNode compared(LanguageModelConfig text) {
        return LanguageConfigs.json(text.withInitRange(0).withSoftcap(false)).put("pad_token_id", 0).put("tie_word_embeddings", true);
    }

    private PooledText pooled(@Nullable Tokenizer given) {
        var clip = part(PipelineFolder.CLIP, ClipTextModel::named,
                config -> own -> ClipTextModel.of(ClipTextConfig.of(json(config), config.toString()), own));
        return new PooledText(clip, given == null ? tokenizer(PipelineFolder.CLIP_TOKENIZER) : given, 0);
    }

    private <T> T part(String name, UnaryOperator<TensorSource> named, Function<Path, Function<Weights, T>> build) {
        var place = parts.folder(name);
        var config = place.resolve(PipelineFolder.CONFIG);
        if (!Files.isRegularFile(config)) {
            throw new UserError("%s: the pipeline's %s is not there: it has no %s".formatted(place, name, PipelineFolder.CONFIG));
        }
        try (var file = TensorFiles.open(FolderTensors.weights(place))) {
            return stored(name, named.apply(file), new DTypePolicy(DType.F32, DType.F32, policy.device()), build.apply(config));
        }
    }

    private <T> T stored(String name, TensorSource file, DTypePolicy held, Function<Weights, T> build) {
        var own = Weights.stored(file, held);
        weights.put(name, own);
        var result = build.apply(own);
        own.requireComplete();
        return result;
    }

    // ---- tokenizers

    /// With the instruction, or the turn of a chat, that the model learned to read around each prompt.
    private Tokenizer words(ImageModel model) {
        var ours = ours();
        var instruction = ours.text(PipelineFolder.INSTRUCTION);
        boolean chats = ours.flag(PipelineFolder.CHAT);
        if (instruction == null && !chats) return tokenizer(PipelineFolder.TOKENIZER);
        var place = parts.folder(PipelineFolder.TOKENIZER);
        var tokenizer = PretrainedTokenizer.read(place, instruction == null ? Instruction.NONE : new Instruction(instruction),
                chats ? ChatTemplate.of(model.llm().config().family()) : null);
        opened.add(tokenizer.subwords());
        tokenizers.put(PipelineFolder.TOKENIZER, place);
        return tokenizer;
    }

    private Tokenizer tokenizer(String name) {
        var place = parts.folder(name);
        if (!Files.isDirectory(place)) {
            throw new UserError("%s: the pipeline's %s is not there. Put the tokenizer.json of the model that it is of into this folder"
                    .formatted(place, name));
        }
        var tokenizer = name.equals(PipelineFolder.TOKENIZER) ? SubwordTokenizer.open(place) : SubwordTokenizer.clip(place);
        opened.add(tokenizer);
        tokenizers.put(name, place);
        return tokenizer;
    }

    private static ObjectNode json(Path file) { return JsonFile.object(file, "A pipeline needs it: fetch its folder anew"); }
}
