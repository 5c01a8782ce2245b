package dev.fusedit.fusion.llm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.nn.Activation;
import dev.fusedit.torch.UserError;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/// Configurations of language models under the field names of Hugging Face's `config.json`, with that library's defaults.
public final class LanguageConfigs {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String KINDS = "gemma, gemma2, gemma3, gemma3_text, paligemma, llama, qwen3";
    static final String SLIDING = "sliding_attention";
    static final String FULL = "full_attention";
    private static final List<String> TYPES = List.of(FULL, SLIDING);

    private LanguageConfigs() {}

    /// @param where the file, for messages
    /// @throws UserError if a field is missing or of no sense, may change numbers and is not known, or the model is of another family
    public static LanguageModelConfig read(JsonNode json, String where) { return read(new ConfigReader(json, where)); }

    public static LanguageModelConfig read(ConfigReader fields) {
        try {
            var kind = fields.text("model_type");
            var base = switch (kind == null ? "" : kind) {
                case "paligemma", "gemma3" -> fields.in("text_config");
                case "gemma", "gemma2", "gemma3_text", "llama", "qwen3" -> fields;
                default -> throw fields.unknown("model_type", KINDS);
            };
            var own = base == fields ? kind : textKind(base, kind.equals("gemma3") ? "gemma3_text" : "gemma");
            LanguageFields.requireClass(fields, kind);
            if (base != fields) {
                LanguageFields.requireWithin(fields);
            }
            var config = model(base, own);
            base.requireAllKnown(LanguageFields.of(own));
            return config;
        } catch (IllegalArgumentException e) {
            throw new UserError(fields.where() + ": " + e.getMessage(), e);
        }
    }

    private static String textKind(ConfigReader base, String otherwise) {
        var kind = base.text("model_type");
        return kind == null ? otherwise : kind;
    }

    private static LanguageModelConfig model(ConfigReader base, String kind) {
        var gemma3 = kind.equals("gemma3_text");
        var heads = gemma3 ? base.integer("num_attention_heads", 8, Bound.HEADS) : base.integer("num_attention_heads", Bound.HEADS);
        int hidden = base.integer("hidden_size", Bound.WIDTH), layers = base.integer("num_hidden_layers", Bound.LAYERS);
        return new LanguageModelConfig(family(base, kind, layers),
                gemma3 ? base.integer("vocab_size", 262_208, Bound.WIDTH) : base.integer("vocab_size", Bound.WIDTH), hidden,
                base.integer("intermediate_size", Bound.WIDTH),
                layers, heads, base.integer("num_key_value_heads", gemma3 ? 4 : heads, Bound.HEADS),
                base.integer("head_dim", headDim(kind, hidden / heads)),
                RopeConfigs.theta(base, gemma3 ? 1_000_000 : 10_000), RopeConfigs.scaling(base),
                base.number("rms_norm_eps", 1e-6), base.number("initializer_range", 0.02), base.flag("attention_bias"),
                activation(base, kind),
                base.flag("tie_word_embeddings", kind.startsWith("gemma")), padId(base), "eager".equals(base.text("attn_implementation")));
    }

    private static int headDim(String kind, int split) {
        return switch (kind) {
            case "gemma", "gemma2", "gemma3_text" -> 256;
            case "qwen3" -> 128;
            default -> split;
        };
    }

    /// Some models' padding is a token that the tables lack (−1); any will do then, since padding is never computed.
    private static int padId(ConfigReader base) { return Math.max(0, base.integer("pad_token_id", 0)); }

    // ---- what families differ in

    private static Family family(ConfigReader base, String kind, int layers) {
        return switch (kind) {
            case "gemma" -> {
                requireNoWindows(base, layers);
                yield new Family.Gemma();
            }
            case "gemma2" -> new Family.Gemma2(queryScalar(base), windows(base, layers, i -> i % 2 == 0),
                    base.number("attn_logit_softcapping", unmentioned(base, "attn_logit_softcapping", 50)),
                    base.number("final_logit_softcapping", unmentioned(base, "final_logit_softcapping", 30)));
            case "gemma3_text" -> new Family.Gemma3(queryScalar(base), gemma3Windows(base, layers), RopeConfigs.localTheta(base),
                    base.number("final_logit_softcapping", 0));
            case "llama" -> {
                requireNoWindows(base, layers);
                yield new Family.Llama(base.flag("mlp_bias"));
            }
            case "qwen3" -> new Family.Qwen3(qwen3Windows(base, layers));
            default -> throw base.unknown("model_type", KINDS);
        };
    }

    private static double queryScalar(ConfigReader base) { return base.number("query_pre_attn_scalar", 256); }

    /// A cap that is not mentioned is Gemma 2's usual one; one that is null is none.
    private static double unmentioned(ConfigReader base, String field, double usual) { return base.node().has(field) ? 0 : usual; }

    private static Windows gemma3Windows(ConfigReader base, int layers) {
        var pattern = base.integer("sliding_window_pattern", base.integer("_sliding_window_pattern", 6));
        base.require(pattern > 0, base.has("sliding_window_pattern") ? "sliding_window_pattern" : "_sliding_window_pattern",
                "must be at least 1");
        IntPredicate everyFew = i -> (i + 1) % pattern != 0;
        var windows = windows(base, layers, everyFew);
        if (base.has("layer_types") && base.has("sliding_window_pattern")) { // with an underscore it is the library's own default
            base.require(windows.equals(Windows.of(windows.size(), layers, everyFew)), "sliding_window_pattern",
                    "must agree with layer_types");
        }
        return windows;
    }

    private static Windows qwen3Windows(ConfigReader base, int layers) {
        var from = base.integer("max_window_layers", 28);
        if (base.flag("use_sliding_window") && base.has("sliding_window")) {
            return windows(base, layers, i -> i >= from);
        }
        base.raw("sliding_window"); // without the flag the library reads none
        requireNoWindows(base, layers);
        return Windows.NONE;
    }

    private static void requireNoWindows(ConfigReader base, int layers) {
        types(base, layers).ifPresent(types -> base.require(!types.contains(SLIDING), "layer_types",
                "must name full_attention only: no layer of this model has a window"));
    }

    private static Windows windows(ConfigReader base, int layers, IntPredicate otherwise) {
        var size = base.integer("sliding_window", 4096);
        return types(base, layers).map(types -> Windows.of(size, layers, i -> types.get(i).equals(SLIDING)))
                .orElseGet(() -> Windows.of(size, layers, otherwise));
    }

    /// Every layer's kind of attention, if the file says.
    private static Optional<List<String>> types(ConfigReader base, int layers) {
        var types = base.raw("layer_types");
        if (!base.has("layer_types")) {
            return Optional.empty();
        }
        if (!types.isArray() || types.size() != layers) {
            throw base.unknown("layer_types", "a list of %d".formatted(layers));
        }
        if (!types.valueStream().allMatch(type -> type.isTextual() && TYPES.contains(type.textValue()))) {
            throw base.unknown("layer_types", "lists of " + String.join(", ", TYPES));
        }
        return Optional.of(types.valueStream().map(JsonNode::textValue).toList());
    }

    private static Activation activation(ConfigReader base, String kind) {
        var gemma = kind.startsWith("gemma");
        var field = gemma ? "hidden_activation" : "hidden_act";
        var name = base.text(field);
        return switch (name == null ? gemma ? "gelu_pytorch_tanh" : "silu" : name) {
            case "gelu_pytorch_tanh", "gelu_new", "gelu_fast", "gelu_accurate" -> Activation.GELU_TANH;
            case "gelu", "gelu_python" -> Activation.GELU;
            case "quick_gelu" -> Activation.QUICK_GELU;
            case "silu", "swish" -> Activation.SILU;
            case "relu" -> Activation.RELU;
            default -> throw base.unknown(field, "gelu_pytorch_tanh, gelu, quick_gelu, silu, relu");
        };
    }

    // ---- writing

    /// The JSON that [#read] reads.
    public static ObjectNode json(LanguageModelConfig text) {
        var base = JSON.createObjectNode();
        switch (text.family()) {
            case Family.Gemma() -> base.put("model_type", "gemma");
            case Family.Gemma2 gemma -> {
                base.put("model_type", "gemma2").put("query_pre_attn_scalar", gemma.queryScalar());
                caps(base, gemma);
            }
            case Family.Gemma3 gemma -> {
                base.put("model_type", "gemma3_text").put("query_pre_attn_scalar", gemma.queryScalar())
                        .put("rope_local_base_freq", gemma.localTheta());
                caps(base, gemma);
            }
            case Family.Llama(var biased) -> base.put("model_type", "llama").put("mlp_bias", biased);
            case Family.Qwen3(var windows) -> base.put("model_type", "qwen3").put("use_sliding_window", !windows.layers().isEmpty());
        }
        base.put("vocab_size", text.vocabulary()).put("hidden_size", text.hidden()).put("intermediate_size", text.intermediate())
                .put("num_hidden_layers", text.layers()).put("num_attention_heads", text.heads()).put("num_key_value_heads", text.kvHeads())
                .put("head_dim", text.headDim()).put("rope_theta", text.ropeTheta()).put("rms_norm_eps", text.normEps())
                .put("initializer_range", text.initRange()).put("attention_bias", text.attentionBias()).put("pad_token_id", text.padId())
                .put("tie_word_embeddings", text.tied())
                .put(text.family().isGemma() ? "hidden_activation" : "hidden_act", name(text.activation()));
        windows(base, text);
        scaling(base, text.ropeScaling());
        return text.softcap() ? base.put("attn_implementation", "eager") : base;
    }

    private static void caps(ObjectNode base, Family family) {
        base.put("attn_logit_softcapping", family.attentionSoftcap() == 0 ? null : (Double) family.attentionSoftcap());
        base.put("final_logit_softcapping", family.finalSoftcap() == 0 ? null : (Double) family.finalSoftcap());
    }

    /// Where no layer has one, that is said of families whose layers have one unless a file says otherwise.
    private static void windows(ObjectNode base, LanguageModelConfig text) {
        var windows = text.family().windows();
        boolean usual = switch (text.family()) {
            case Family.Gemma _ -> false;
            case Family.Gemma2 _ -> true;
            case Family.Gemma3 _ -> true;
            case Family.Llama _ -> false;
            case Family.Qwen3 _ -> false;
        };
        if (usual || !windows.layers().isEmpty()) {
            base.put("sliding_window", windows.size());
            var types = base.putArray("layer_types");
            for (int i = 0; i < text.layers(); i++) {
                types.add(windows.has(i) ? SLIDING : FULL);
            }
        }
    }

    private static void scaling(ObjectNode base, RopeScaling scaling) {
        switch (scaling) {
            case RopeScaling.None() -> {}
            case RopeScaling.Linear(var factor) -> base.putObject("rope_scaling").put("rope_type", "linear").put("factor", factor);
            case RopeScaling.Llama3(var factor, var low, var high, var old) -> base.putObject("rope_scaling").put("rope_type", "llama3")
                    .put("factor", factor).put("low_freq_factor", low).put("high_freq_factor", high)
                    .put("original_max_position_embeddings", old);
        }
    }

    private static String name(Activation activation) {
        return switch (activation) {
            case GELU_TANH -> "gelu_pytorch_tanh";
            case GELU -> "gelu";
            case QUICK_GELU -> "quick_gelu";
            case SILU -> "silu";
            case RELU -> "relu";
        };
    }
}
