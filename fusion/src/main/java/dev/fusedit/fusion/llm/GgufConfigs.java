package dev.fusedit.fusion.llm;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.fusion.config.KnownFields;
import dev.fusedit.nn.RotaryEmbedding;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.GgufFile;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a GGUF file's metadata says of a language model, under the field names of Hugging Face's `config.json`.
///
/// Some of a model's numbers are in no GGUF file, since llama.cpp has them in its code (`llama-model.cpp`): the query scale, Gemma 3's
/// local rotary base and, in older files, its pattern of windows. They are the same here.
final class GgufConfigs {
    static final String FREQUENCY_FACTORS = "rope_freqs.weight";
    private static final Map<String, String> KINDS = Map.of("gemma", "gemma", "gemma2", "gemma2", "gemma3", "gemma3_text", "llama", "llama",
            "qwen3", "qwen3");
    /// Of Gemma 2 and 3 the 27B models alone scale queries by M / H; their numbers of layers tell them.
    private static final Map<String, Integer> LAYERS_OF_27B = Map.of("gemma2", 46, "gemma3", 62);
    private static final Map<String, String> WHOLE = Map.of("embedding_length", "hidden_size", "feed_forward_length", "intermediate_size",
            "block_count", "num_hidden_layers", "attention.head_count", "num_attention_heads", "attention.head_count_kv",
            "num_key_value_heads", "attention.key_length", "head_dim", "attention.sliding_window", "sliding_window");
    private static final Map<String, String> FRACTIONS = Map.of("attention.layer_norm_rms_epsilon", "rms_norm_eps", "rope.freq_base",
            "rope_theta", "rope.freq_base_swa", "rope_local_base_freq", "attn_logit_softcapping", "attn_logit_softcapping",
            "final_logit_softcapping", "final_logit_softcapping");
    private static final KnownFields FIELDS =
            KnownFields.of("If it changes no number, take it out of the file; else the model is of a kind that is not built here")
                    .passed("a limit that rotary positions do not have", "context_length", "rope.scaling.original_context_length",
                            "rope.scaling.finetuned")
                    .passed("how llama.cpp lays tensors out or batches", "tensor_data_layout", "pooling_type")
                    .passed("read where it has a meaning", "attention.sliding_window", "rope.scaling.factor", "rope.freq_base_swa",
                            "rope.scaling.type")
                    .only("attention.causal", "true", "text is read in one direction")
                    .only("rope.scaling.attn_factor", "1", "scores are not scaled by the context")
                    .off("every layer has one MLP", "expert_count", "expert_used_count");
    private static final int LONGEST_OLD_CONTEXT = 1 << 20;
    private static final JsonMapper JSON = new JsonMapper();

    private final GgufFile file;
    private final String architecture;
    private final ObjectNode fields = JSON.createObjectNode();

    private final ConfigReader metadata;

    private GgufConfigs(GgufFile file) {
        this.file = file;
        architecture = String.valueOf(file.values().get("general.architecture"));
        var own = JSON.createObjectNode();
        file.values().forEach((key, value) -> {
            if (key.startsWith(architecture + ".")) {
                own.set(key.substring(architecture.length() + 1), JSON.valueToTree(value));
            }
        });
        metadata = new ConfigReader(own, file.path() + ": " + architecture);
    }

    /// @throws UserError if the file holds no language model of a family known here
    static LanguageModelConfig read(GgufFile file) { return new GgufConfigs(file).read(); }

    private LanguageModelConfig read() {
        var kind = KINDS.get(architecture);
        if (kind == null) {
            throw wrong("holds a model of the architecture %s; gemma, gemma2, gemma3, llama and qwen3 are read", architecture);
        }
        fields.put("model_type", kind).put("vocab_size", file.info(GgufTensors.EMBEDDING).shape()[0])
                .put("tie_word_embeddings", !file.contains(GgufTensors.HEAD)).put("attention_bias", file.contains("blk.0.attn_q.bias"));
        WHOLE.forEach((theirs, ours) -> {
            if (value(theirs) != null) {
                fields.put(ours, whole(theirs));
            }
        });
        FRACTIONS.forEach((theirs, ours) -> {
            if (value(theirs) != null) {
                fields.put(ours, fraction(theirs));
            }
        });
        if (file.values().get("tokenizer.ggml.padding_token_id") instanceof Long id) {
            fields.put("pad_token_id", id);
        }
        queries();
        windows();
        scaling();
        var config = LanguageConfigs.read(fields, file.path().toString());
        requireAgreement(config);
        metadata.requireKnown(FIELDS);
        return config;
    }

    /// What the metadata says of sizes that the tensors have too.
    private void requireAgreement(LanguageModelConfig config) {
        requireSame("vocab_size", config.vocabulary(), "the rows of " + GgufTensors.EMBEDDING);
        requireSame("rope.dimension_count", config.headDim(), "the width of a head: rotary positions turn all of it");
        requireSame("attention.value_length", config.headDim(), "the width of a head");
        if (file.values().get("general.type") instanceof String type && !type.equals("model")) {
            throw wrong("general.type is '%s', not 'model': it changes a model, or is a part of one", type);
        }
    }

    private void requireSame(String key, long built, String what) {
        if (value(key) != null && whole(key) != built) {
            throw wrong("its metadata %s.%s must be %s (%s), got %s", architecture, key, built, what, value(key));
        }
    }

    private void queries() {
        long heads = Math.max(1, whole("attention.head_count")), split = whole("embedding_length") / heads;
        var headDim = value("attention.key_length") == null ? split : whole("attention.key_length");
        var large = whole("block_count") == LAYERS_OF_27B.getOrDefault(architecture, -1);
        fields.put("head_dim", headDim);
        if (LAYERS_OF_27B.containsKey(architecture)) {
            fields.put("query_pre_attn_scalar", large ? split : headDim);
        }
    }

    /// A period, or every layer's kind; a Gemma 3 without a window's size has no windows.
    private void windows() {
        var pattern = value("attention.sliding_window_pattern");
        if (pattern instanceof Long period) {
            fields.put("sliding_window_pattern", period);
        } else if (pattern instanceof List<?> windowed) {
            var types = fields.putArray("layer_types");
            windowed.forEach(layer -> types.add(Boolean.TRUE.equals(layer) ? "sliding_attention" : "full_attention"));
        } else if (architecture.equals("gemma3") && value("attention.sliding_window") == null) {
            fields.put("sliding_window_pattern", 1);
        }
    }

    private void scaling() {
        var type = value("rope.scaling.type");
        if (file.contains(FREQUENCY_FACTORS)) {
            scaleByTable();
        } else if (type != null && !type.equals("none")) {
            fields.putObject("rope_scaling").put("rope_type", type.toString()).put("factor", fraction("rope.scaling.factor"));
        }
    }

    /// Llama 3's scaling is stored as what it comes to, a divisor for every frequency. The old context is found by trying.
    private void scaleByTable() {
        var divisors = divisors();
        var theta = value("rope.freq_base") == null ? 10_000 : fraction("rope.freq_base");
        float factor = 1;
        for (var divisor : divisors) {
            factor = Math.max(factor, divisor);
        }
        for (int old = 32; old <= LONGEST_OLD_CONTEXT; old *= 2) {
            if (gives(new RopeScaling.Llama3(factor, 1, 4, old), theta, divisors)) {
                fields.putObject("rope_scaling").put("rope_type", "llama3").put("factor", factor).put("low_freq_factor", 1)
                        .put("high_freq_factor", 4).put("original_max_position_embeddings", old);
                return;
            }
        }
        throw wrong("has rotary frequencies (%s) that are not of Llama 3's kind", FREQUENCY_FACTORS);
    }

    private float[] divisors() {
        try (var _ = TensorScope.open()) {
            return file.read(FREQUENCY_FACTORS).toFloats();
        }
    }

    private static boolean gives(RopeScaling scaling, double theta, float[] divisors) {
        var width = 2 * divisors.length;
        float[] plain = RotaryEmbedding.frequencies(width, theta), scaled = scaling.frequencies(width, theta);
        for (int i = 0; i < divisors.length; i++) {
            if (Math.abs(plain[i] / scaled[i] / divisors[i] - 1) > 1e-4) {
                return false;
            }
        }
        return true;
    }

    // ---- metadata

    private @Nullable Object value(String key) {
        metadata.raw(key);
        return file.values().get(architecture + "." + key);
    }

    private long whole(String key) {
        if (value(key) instanceof Long number) {
            return number;
        }
        throw wrong("its metadata %s.%s must be a whole number, got %s", architecture, key, value(key));
    }

    /// The file has f32; the shortest decimal for one is what was meant: 1e-6, not 9.999999974752427e-7.
    private double fraction(String key) {
        if (value(key) instanceof Double number) {
            return Double.parseDouble(Float.toString(number.floatValue()));
        }
        throw wrong("its metadata %s.%s must be a number, got %s", architecture, key, value(key));
    }

    private UserError wrong(String message, @Nullable Object... arguments) {
        return new UserError(file.path() + ": " + message.formatted(arguments));
    }
}
