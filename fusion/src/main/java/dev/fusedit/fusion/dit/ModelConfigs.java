package dev.fusedit.fusion.dit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableSet;
import dev.fusedit.fusion.llm.Family;
import dev.fusedit.fusion.llm.GemmaConfig;
import dev.fusedit.torch.UserError;
import java.util.ArrayList;
import java.util.Objects;

/// Configurations as JSON, under the field names that the paper's published models use (`attention`, `pos_embed`, `base_config` …), so
/// that a folder of theirs and one of ours read alike.
public final class ModelConfigs {
    private static final JsonMapper JSON = new JsonMapper();

    private ModelConfigs() {}

    /// A fused model's configuration.
    ///
    /// @param where the file, for messages
    public static FuseDiTConfig fused(JsonNode json, String where) {
        var fields = new ConfigReader(json, where);
        return checked(where, () -> new FuseDiTConfig(text(fields), image(fields, 64), fusion(fields), fields.integer("initial_layers", 0),
                shared(fields)));
    }

    /// A baseline's configuration.
    public static TextDiTConfig beside(JsonNode json, String where) {
        var fields = new ConfigReader(json, where);
        return checked(where, () -> {
            var text = text(fields);
            return new TextDiTConfig(text, image(fields, 64), fusion(fields), fields.integer("text_hidden_size", text.hidden()),
                    fields.integer("text_hidden_states_index", -1));
        });
    }

    private static <T> T checked(String where, java.util.function.Supplier<T> made) {
        try {
            return made.get();
        } catch (IllegalArgumentException e) {
            throw new UserError(where + ": " + e.getMessage(), e);
        }
    }

    private static GemmaConfig text(ConfigReader fields) { return language(fields.in("base_config")); }

    /// A language model's configuration by transformers' field names.
    public static GemmaConfig language(JsonNode json, String where) {
        return checked(where, () -> language(new ConfigReader(json, where)));
    }

    private static GemmaConfig language(ConfigReader base) {
        var kind = base.text("model_type");
        Family family = switch (kind == null ? "" : kind) {
            case "gemma" -> new Family.Gemma();
            case "gemma2" -> new Family.Gemma2(base.number("query_pre_attn_scalar", 256), base.integer("sliding_window", 4096));
            default -> throw base.unknown("model_type", "gemma, gemma2");
        };
        var heads = base.integer("num_attention_heads");
        return new GemmaConfig(family, base.integer("vocab_size"), base.integer("hidden_size"), base.integer("intermediate_size"),
                base.integer("num_hidden_layers"), heads, base.integer("num_key_value_heads", heads), headDim(base),
                base.number("rope_theta", 10_000),
                base.number("rms_norm_eps", 1e-6), base.number("initializer_range", 0.02), base.flag("attention_bias"),
                base.integer("pad_token_id", 0));
    }

    private static int headDim(ConfigReader base) {
        return base.integer("head_dim", base.integer("hidden_size") / base.integer("num_attention_heads"));
    }

    private static DiTConfig image(ConfigReader fields, int tableSide) {
        var base = fields.in("base_config");
        var heads = base.integer("num_attention_heads");
        return new DiTConfig(fields.integer("dit_hidden_size", base.integer("hidden_size")), base.integer("intermediate_size"),
                fields.integer("dit_num_hidden_layers", 18), heads, base.integer("num_key_value_heads", heads), headDim(base),
                fields.integer("patch_size", 2), fields.integer("in_channels", 16), fields.integer("out_channels", 16),
                positions(fields, tableSide), time(fields),
                fields.flag("qk_norm"), fields.flag("sandwich_norm"), fields.integer("text_modulation_embeds_dim", 0),
                base.number("rope_theta", 10_000),
                base.number("rms_norm_eps", 1e-6), base.number("initializer_range", 0.02), base.flag("attention_bias"));
    }

    private static Fusion fusion(ConfigReader fields) {
        return switch (fields.has("attention") ? Objects.requireNonNull(fields.text("attention")) : "self") {
            case "self" -> new Fusion.JointSelfAttention();
            case "cross" -> new Fusion.CrossAttention();
            default -> throw fields.unknown("attention", "self, cross");
        };
    }

    private static ImagePositions positions(ConfigReader fields, int tableSide) {
        return switch (fields.has("pos_embed") ? Objects.requireNonNull(fields.text("pos_embed")) : "1d-rope") {
            case "ape" -> new ImagePositions.Absolute(fields.integer("pos_embed_max_size", tableSide), fields.integer("sample_size", 32));
            case "1d-rope" -> new ImagePositions.Rope1d();
            case "2d-rope" -> new ImagePositions.Rope2d();
            case "m-rope" -> new ImagePositions.MRope();
            default -> throw fields.unknown("pos_embed", "ape, 1d-rope, 2d-rope, m-rope");
        };
    }

    private static TimeConditioning time(ConfigReader fields) {
        var kind = fields.text("timestep_conditioning");
        return switch (kind == null ? "none" : kind) {
            case "adaln-zero" -> new TimeConditioning.AdaLnZero();
            case "adaln-single" -> new TimeConditioning.AdaLnSingle();
            case "addition" -> new TimeConditioning.Addition();
            case "none" -> new TimeConditioning.None();
            default -> throw fields.unknown("timestep_conditioning", "adaln-zero, adaln-single, addition, null");
        };
    }

    private static SharedLayers shared(ConfigReader fields) {
        var node = fields.node().path("shared_attention_layers");
        if (!fields.has("shared_attention_layers") || node.isTextual() && node.textValue().equals("all")) {
            return new SharedLayers.All();
        }
        var layers = new ArrayList<Integer>();
        if (node.isArray()) {
            for (var layer : node) {
                if (!layer.isIntegralNumber() || !layer.canConvertToInt()) {
                    throw fields.unknown("shared_attention_layers", "\"all\", a list of layer numbers");
                }
                layers.add(layer.intValue());
            }
            return new SharedLayers.Some(ImmutableSet.copyOf(layers));
        }
        throw fields.unknown("shared_attention_layers", "\"all\", a list of layer numbers");
    }

    // ---- writing

    /// The JSON that [#fused] reads.
    public static ObjectNode json(FuseDiTConfig config) {
        var root = json(config.image(), config.fusion(), config.text());
        root.put("model_type", "FuseDiT").put("initial_layers", config.initialLayers()).put("text_hidden_size", config.text().hidden());
        switch (config.shared()) {
            case SharedLayers.All() -> root.put("shared_attention_layers", "all");
            case SharedLayers.Some(var layers) -> layers.forEach(root.putArray("shared_attention_layers")::add);
        }
        return root;
    }

    /// The JSON that [#beside] reads.
    public static ObjectNode json(TextDiTConfig config) {
        return json(config.image(), config.fusion(), config.text()).put("model_type", "DiT").put("text_hidden_size", config.textWidth())
                .put("text_hidden_states_index", config.hiddenState());
    }

    private static ObjectNode json(DiTConfig image, Fusion fusion, GemmaConfig text) {
        var root = JSON.createObjectNode();
        root.put("attention", switch (fusion) {
            case Fusion.JointSelfAttention() -> "self";
            case Fusion.CrossAttention() -> "cross";
        });
        root.set("base_config", json(text));
        root.put("dit_hidden_size", image.width()).put("dit_num_hidden_layers", image.layers()).put("patch_size", image.patch())
                .put("in_channels", image.inChannels()).put("out_channels", image.outChannels()).put("qk_norm", image.qkNorm())
                .put("sandwich_norm", image.sandwichNorm());
        if (image.pooledText() > 0) {
            root.put("text_modulation_embeds_dim", image.pooledText());
        }
        root.put("pos_embed", switch (image.positions()) {
            case ImagePositions.Absolute(var side, var sample) -> {
                root.put("pos_embed_max_size", side).put("sample_size", sample);
                yield "ape";
            }
            case ImagePositions.Rope1d() -> "1d-rope";
            case ImagePositions.Rope2d() -> "2d-rope";
            case ImagePositions.MRope() -> "m-rope";
        });
        return root.put("timestep_conditioning", switch (image.time()) {
            case TimeConditioning.AdaLnZero() -> "adaln-zero";
            case TimeConditioning.AdaLnSingle() -> "adaln-single";
            case TimeConditioning.Addition() -> "addition";
            case TimeConditioning.None() -> null;
        });
    }

    private static ObjectNode json(GemmaConfig text) {
        var base = JSON.createObjectNode();
        switch (text.family()) {
            case Family.Gemma() -> base.put("model_type", "gemma");
            case Family.Gemma2(var scalar, var window) ->
                    base.put("model_type", "gemma2").put("query_pre_attn_scalar", scalar).put("sliding_window", window);
        }
        return base.put("vocab_size", text.vocabulary()).put("hidden_size", text.hidden()).put("intermediate_size", text.intermediate())
                .put("num_hidden_layers", text.layers()).put("num_attention_heads", text.heads()).put("num_key_value_heads", text.kvHeads())
                .put("head_dim", text.headDim()).put("rope_theta", text.ropeTheta()).put("rms_norm_eps", text.normEps())
                .put("initializer_range", text.initRange()).put("attention_bias", text.attentionBias()).put("pad_token_id", text.padId())
                .put("hidden_activation", "gelu_pytorch_tanh");
    }
}
