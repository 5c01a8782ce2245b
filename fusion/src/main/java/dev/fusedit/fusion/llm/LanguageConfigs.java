package dev.fusedit.fusion.llm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.nn.Activation;
import dev.fusedit.torch.UserError;

/// Configurations of language models under the field names of Hugging Face's `config.json`, with that library's defaults.
public final class LanguageConfigs {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String KINDS = "gemma, gemma2, gemma3, gemma3_text, paligemma, llama, qwen3";
    private static final String SLIDING = "sliding_attention";

    private LanguageConfigs() {}

    /// @param where the file, for messages
    /// @throws UserError if a field is missing or of no sense, or the model is of another family
    public static LanguageModelConfig read(JsonNode json, String where) { return read(new ConfigReader(json, where)); }

    public static LanguageModelConfig read(ConfigReader fields) {
        try {
            var kind = fields.text("model_type");
            return switch (kind == null ? "" : kind) {
                case "paligemma" -> model(fields.in("text_config"), textKind(fields, "gemma"));
                case "gemma3" -> model(fields.in("text_config"), textKind(fields, "gemma3_text"));
                case "gemma", "gemma2", "gemma3_text", "llama", "qwen3" -> model(fields, kind);
                default -> throw fields.unknown("model_type", KINDS);
            };
        } catch (IllegalArgumentException e) {
            throw new UserError(fields.where() + ": " + e.getMessage(), e);
        }
    }

    private static String textKind(ConfigReader fields, String otherwise) {
        var kind = fields.in("text_config").text("model_type");
        return kind == null ? otherwise : kind;
    }

    private static LanguageModelConfig model(ConfigReader base, String kind) {
        var gemma3 = kind.equals("gemma3_text");
        var heads = gemma3 ? base.integer("num_attention_heads", 8) : base.integer("num_attention_heads");
        int hidden = base.integer("hidden_size"), layers = base.integer("num_hidden_layers");
        var rope = rope(base);
        return new LanguageModelConfig(family(base, kind, layers),
                gemma3 ? base.integer("vocab_size", 262_208) : base.integer("vocab_size"), hidden, base.integer("intermediate_size"),
                layers, heads, base.integer("num_key_value_heads", gemma3 ? 4 : heads),
                base.integer("head_dim", headDim(kind, hidden / heads)),
                rope.number("rope_theta", gemma3 ? 1_000_000 : 10_000), scaling(base, rope),
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
        double scalar = base.number("query_pre_attn_scalar", 256),
                finalSoftcap = base.number("final_logit_softcapping", defaultCap(base, kind, 30));
        var softcap = base.number("attn_logit_softcapping", defaultCap(base, kind, 50));
        if (base.flag("use_bidirectional_attention")) {
            throw base.unknown("use_bidirectional_attention", "false (text is read in one direction)");
        }
        if (base.number("partial_rotary_factor", 1) != 1) {
            throw base.unknown("partial_rotary_factor", "1 (rotary positions turn the whole head)");
        }
        return switch (kind) {
            case "gemma" -> new Family.Gemma();
            case "gemma2" -> new Family.Gemma2(scalar, windows(base, layers, i -> i % 2 == 0), softcap, finalSoftcap);
            case "gemma3_text" -> {
                var pattern = base.integer("sliding_window_pattern", base.integer("_sliding_window_pattern", 6));
                yield new Family.Gemma3(scalar, windows(base, layers, i -> (i + 1) % pattern != 0), localTheta(base), finalSoftcap); // the library reads no other cap
            }
            case "llama" -> new Family.Llama(base.flag("mlp_bias"));
            case "qwen3" -> new Family.Qwen3(base.flag("use_sliding_window") && base.has("sliding_window")
                    ? windows(base, layers, i -> i >= base.integer("max_window_layers", 28))
                    : Windows.NONE);
            default -> throw base.unknown("model_type", KINDS);
        };
    }

    /// A cap that is not mentioned is Gemma 2's usual one; one that is null is none.
    private static double defaultCap(ConfigReader base, String kind, double usual) {
        var named = base.node().has(usual == 30 ? "final_logit_softcapping" : "attn_logit_softcapping");
        return kind.equals("gemma2") && !named ? usual : 0;
    }

    private static Windows windows(ConfigReader base, int layers, java.util.function.IntPredicate otherwise) {
        var types = base.node().path("layer_types");
        if (base.has("layer_types") && types.size() != layers) {
            throw base.unknown("layer_types", "a list of %d".formatted(layers));
        }
        return Windows.of(base.integer("sliding_window", 4096), layers,
                base.has("layer_types") ? i -> types.get(i).asText().equals(SLIDING) : otherwise);
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

    // ---- rotary positions

    /// Where θ stands: among the fields, or (newer files) in an object of its own, which may be split by kind of layer.
    private static ConfigReader rope(ConfigReader base) {
        if (!base.has("rope_parameters")) {
            return base;
        }
        var own = base.in("rope_parameters");
        return own.has("full_attention") ? own.in("full_attention") : own;
    }

    private static double localTheta(ConfigReader base) {
        var split = base.has("rope_parameters") && base.in("rope_parameters").has(SLIDING);
        return split ? base.in("rope_parameters").in(SLIDING).number("rope_theta", 10_000) : base.number("rope_local_base_freq", 10_000);
    }

    private static RopeScaling scaling(ConfigReader base, ConfigReader rope) {
        if (rope == base && !base.has("rope_scaling")) {
            return RopeScaling.NONE;
        }
        var scaling = rope == base ? base.in("rope_scaling") : rope;
        var field = scaling.has("rope_type") ? "rope_type" : "type";
        var kind = scaling.text(field);
        return switch (kind == null ? "default" : kind) {
            case "default" -> RopeScaling.NONE;
            case "linear" -> new RopeScaling.Linear(scaling.number("factor", 1));
            case "llama3" -> new RopeScaling.Llama3(scaling.number("factor", 8), scaling.number("low_freq_factor", 1),
                    scaling.number("high_freq_factor", 4), scaling.integer("original_max_position_embeddings"));
            default -> throw scaling.unknown(field, "default, linear, llama3");
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

    private static void windows(ObjectNode base, LanguageModelConfig text) {
        var windows = text.family().windows();
        if (!windows.layers().isEmpty()) {
            base.put("sliding_window", windows.size());
            var types = base.putArray("layer_types");
            for (int i = 0; i < text.layers(); i++) {
                types.add(windows.has(i) ? SLIDING : "full_attention");
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
