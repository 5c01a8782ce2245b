package dev.fusedit.fusion.dit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.fusion.config.KnownFields;
import dev.fusedit.fusion.llm.LanguageConfigs;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.torch.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Configurations as JSON, under the field names that the paper's published models use (`attention`, `pos_embed`, `base_config` …), so
/// that a folder of theirs and one of ours read alike.
public final class ModelConfigJson {
    private static final JsonMapper JSON = new JsonMapper();
    /// Ours: in the paper's models the blocks' layers follow one another.
    private static final String READ_LAYERS = "read_layers";
    /// Ours: the paper's models end with their last layer.
    private static final String DETAIL_HEAD = "detail_head";

    private ModelConfigJson() {}

    /// A configuration of any kind of model, by its `model_type`.
    ///
    /// @param where the file, for messages
    public static ImageModelConfig read(JsonNode json, String where) {
        return switch (json.path("model_type").asText()) {
            case "FuseDiT" -> fused(json, where);
            case "DiT" -> baseline(json, where);
            case "MMDiT" -> dualStream(json, where);
            default ->
                    throw new UserError("%s: model_type must be FuseDiT, DiT or MMDiT, got %s".formatted(where, json.path("model_type")));
        };
    }

    /// Whether a `config.json` is of a model that [#read] knows, as far as its type says.
    public static boolean isOne(JsonNode json) { return List.of("FuseDiT", "DiT", "MMDiT").contains(json.path("model_type").asText()); }

    /// A fused model's configuration.
    ///
    /// @param where the file, for messages
    public static FuseDiTConfig fused(JsonNode json, String where) {
        var fields = new ConfigReader(json, where);
        return checked(fields, ModelFields.FUSED, () -> {
            var text = text(fields);
            return new FuseDiTConfig(text, image(fields, text, 64), fusion(fields), fields.integer("initial_layers", 0),
                    fields.has(READ_LAYERS) ? oneEach(fields) : shared(fields), attention(fields));
        });
    }

    /// A baseline's configuration.
    public static TextDiTConfig baseline(JsonNode json, String where) {
        var fields = new ConfigReader(json, where);
        return checked(fields, ModelFields.BASELINE, () -> {
            var text = text(fields);
            return new TextDiTConfig(text, image(fields, text, 64), fusion(fields), fields.integer("text_hidden_size", text.hidden()),
                    fields.integer("text_hidden_states_index", -1));
        });
    }

    /// A dual-stream model's configuration.
    public static DualStreamDiTConfig dualStream(JsonNode json, String where) {
        var fields = new ConfigReader(json, where);
        return checked(fields, ModelFields.DUAL_STREAM, () -> {
            var text = text(fields);
            return new DualStreamDiTConfig(text, image(fields, text, 64), fields.integer("text_hidden_states_index", -1),
                    fields.integer("text_adapter_layers", 2));
        });
    }

    /// Builds, and refuses fields that may change numbers and are not known.
    private static <T extends ImageModelConfig> T checked(ConfigReader fields, KnownFields known, Supplier<T> made) {
        fields.requirePlain();
        var config = fields.checked(made);
        fields.requireKnown(known);
        return config;
    }

    private static LanguageModelConfig text(ConfigReader fields) { return LanguageConfigs.read(fields.in("base_config")); }

    private static DiTConfig image(ConfigReader fields, LanguageModelConfig text, int tableSide) {
        return DiTConfig.beside(text, positions(fields, tableSide), time(fields))
                .width(fields.integer("dit_hidden_size", text.hidden()))
                .intermediate(fields.integer("dit_intermediate_size", text.intermediate()))
                .layers(fields.integer("dit_num_hidden_layers", 18))
                .patch(fields.integer("patch_size", 2))
                .channels(fields.integer("in_channels", 16), fields.integer("out_channels", 16))
                .qkNorm(fields.flag("qk_norm"))
                .sandwichNorm(fields.flag("sandwich_norm"))
                .pooledText(fields.integer("text_modulation_embeds_dim", 0))
                .detailHead(detailHead(fields))
                .build();
    }

    private static @Nullable DetailHeadConfig detailHead(ConfigReader fields) {
        if (!fields.has(DETAIL_HEAD)) return null;
        var head = fields.in(DETAIL_HEAD);
        var config = head.checked(() -> new DetailHeadConfig(head.integer("width"), head.integer("layers")));
        head.requireKnown(ModelFields.DETAIL_HEAD);
        return config;
    }

    private static Fusion fusion(ConfigReader fields) {
        return switch (fields.has("attention") ? Objects.requireNonNull(fields.text("attention")) : "self") {
            case "self" -> new Fusion.JointSelfAttention();
            case "cross" -> new Fusion.CrossAttention();
            case "gated-self" -> new Fusion.GatedJointAttention(); // ours: the paper's models have none
            default -> throw fields.unknown("attention", "self, cross, gated-self");
        };
    }

    private static AttentionScoring attention(ConfigReader fields) {
        return switch (fields.has("fused_attention") ? Objects.requireNonNull(fields.text("fused_attention")) : "plain") {
            case "plain" -> AttentionScoring.PLAIN;
            case "family" -> AttentionScoring.FAMILY;
            default -> throw fields.unknown("fused_attention", "plain, family");
        };
    }

    private static ImagePositions positions(ConfigReader fields, int tableSide) {
        return switch (fields.has("pos_embed") ? Objects.requireNonNull(fields.text("pos_embed")) : "1d-rope") {
            case "ape" -> absolute(fields, tableSide);
            case "1d-rope" -> new ImagePositions.Rope1d();
            case "2d-rope" -> new ImagePositions.Rope2d();
            case "m-rope" -> new ImagePositions.MRope();
            default -> throw fields.unknown("pos_embed", "ape, 1d-rope, 2d-rope, m-rope");
        };
    }

    private static ImagePositions absolute(ConfigReader fields, int tableSide) {
        if (fields.raw("pos_embed_max_size").isNull() && fields.node().has("pos_embed_max_size")) { // not the same as missing
            throw fields.unknown("pos_embed_max_size", "the whole numbers (a table made anew for every size is not known here)");
        }
        return new ImagePositions.Absolute(fields.integer("pos_embed_max_size", tableSide), fields.integer("sample_size", 32));
    }

    private static TimeConditioning time(ConfigReader fields) {
        var kind = fields.node().has("timestep_conditioning") ? fields.text("timestep_conditioning") : "adaln-zero"; // null is none
        return switch (kind == null ? "none" : kind) {
            case "adaln-zero" -> new TimeConditioning.AdaLnZero();
            case "adaln-single" -> new TimeConditioning.AdaLnSingle();
            case "addition" -> new TimeConditioning.Addition();
            case "none" -> new TimeConditioning.None();
            default -> throw fields.unknown("timestep_conditioning", "adaln-zero, adaln-single, addition, null");
        };
    }

    private static SharedLayers oneEach(ConfigReader fields) {
        fields.require(!fields.has("shared_attention_layers"), "shared_attention_layers", "must be left out beside " + READ_LAYERS);
        return new SharedLayers.OneEach(ImmutableList.copyOf(fields.integers(READ_LAYERS)));
    }

    private static SharedLayers shared(ConfigReader fields) {
        var node = fields.raw("shared_attention_layers");
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

    /// What a kind of model is called: `model_type`, and the paper's class where it has one.
    public static String type(ImageModelConfig config) {
        return switch (config) {
            case FuseDiTConfig _ -> "FuseDiT";
            case TextDiTConfig _ -> "DiT";
            case DualStreamDiTConfig _ -> "MMDiT"; // ours: the paper has no such model
        };
    }

    /// The JSON that [#read] reads.
    public static ObjectNode json(ImageModelConfig config) {
        return switch (config) {
            case FuseDiTConfig fused -> json(fused);
            case TextDiTConfig baseline -> json(baseline);
            case DualStreamDiTConfig dual -> json(dual);
        };
    }

    /// The JSON that [#fused] reads.
    public static ObjectNode json(FuseDiTConfig config) {
        var root = json(attention(config.fusion()), config.image(), config.text());
        root.put("model_type", type(config)).put("initial_layers", config.initialLayers()).put("text_hidden_size", config.text().hidden());
        if (config.attention() == AttentionScoring.FAMILY) {
            root.put("fused_attention", "family");
        }
        switch (config.shared()) {
            case SharedLayers.All() -> root.put("shared_attention_layers", "all");
            case SharedLayers.Some(var layers) -> layers.forEach(root.putArray("shared_attention_layers")::add);
            case SharedLayers.OneEach(var layers) -> layers.forEach(root.putArray(READ_LAYERS)::add);
        }
        return root;
    }

    /// The JSON that [#baseline] reads.
    public static ObjectNode json(TextDiTConfig config) {
        return json(attention(config.fusion()), config.image(), config.text()).put("model_type", type(config))
                .put("text_hidden_size", config.textWidth())
                .put("text_hidden_states_index", config.hiddenState());
    }

    /// The JSON that [#dualStream] reads.
    public static ObjectNode json(DualStreamDiTConfig config) {
        return json(JSON.createObjectNode(), config.image(), config.text()).put("model_type", type(config))
                .put("text_hidden_states_index", config.hiddenState()).put("text_adapter_layers", config.adapterLayers());
    }

    private static ObjectNode attention(Fusion fusion) {
        return JSON.createObjectNode().put("attention", switch (fusion) {
            case Fusion.JointSelfAttention() -> "self";
            case Fusion.CrossAttention() -> "cross";
            case Fusion.GatedJointAttention() -> "gated-self";
        });
    }

    private static ObjectNode json(ObjectNode root, DiTConfig image, LanguageModelConfig text) {
        root.set("base_config", LanguageConfigs.json(text));
        root.put("dit_hidden_size", image.width()).put("dit_num_hidden_layers", image.layers()).put("patch_size", image.patch())
                .put("in_channels", image.inChannels()).put("out_channels", image.outChannels()).put("qk_norm", image.qkNorm())
                .put("sandwich_norm", image.sandwichNorm());
        if (image.intermediate() != text.intermediate()) {
            root.put("dit_intermediate_size", image.intermediate()); // ours: the paper's models have the language model's
        }
        if (image.pooledText() > 0) {
            root.put("text_modulation_embeds_dim", image.pooledText());
        }
        var head = image.detailHead();
        if (head != null) {
            root.putObject(DETAIL_HEAD).put("width", head.width()).put("layers", head.layers());
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
}
