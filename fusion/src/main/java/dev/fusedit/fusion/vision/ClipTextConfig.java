package dev.fusedit.fusion.vision;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.fusion.config.KnownFields;
import dev.fusedit.fusion.config.ModelDescription;
import dev.fusedit.fusion.config.TransformersFields;
import dev.fusedit.nn.Activation;
import java.util.Set;

/// Sizes of a [ClipTextModel]. JSON has transformers' field names.
///
/// @param projection width of the vector that is compared with images
/// @param maxTokens positions that were learned
/// @param eosId the token whose state stands for the text; 2 means the one of the highest id, see [ClipTextModel]
public record ClipTextConfig(int vocabulary, int hidden, int intermediate, int projection, int layers, int heads, int maxTokens,
        double normEps, Activation activation, int eosId) {
    /// What the configurations of the first CLIP models say, whose tokenizers never make it.
    static final int LEGACY_EOS = 2;
    private static final String PROJECTION = "projection_dim";
    private static final Set<String> KINDS = Set.of("clip", "clip_text_model");
    private static final KnownFields TEXT = TransformersFields.ALL
            .passed("new weights alone, and no weight is new", "initializer_range", "initializer_factor", "logit_scale_init_value")
            .passed("padding is not read: a text ends at its end", "pad_token_id");
    private static final KnownFields WHOLE = TEXT.passed("of the side that sees, which is not read", "vision_config", "vision_config_dict")
            .passed("text_config says it", "text_config_dict");

    public ClipTextConfig {
        checkArgument(vocabulary > 0 && hidden > 0 && intermediate > 0 && projection > 0 && layers > 0 && maxTokens > 0,
                "sizes must be positive: vocabulary %s, hidden %s, intermediate %s, projection %s, layers %s, positions %s", vocabulary,
                hidden, intermediate, projection, layers, maxTokens);
        Bound.WIDTH.check("vocabulary", vocabulary);
        Bound.WIDTH.check("hidden", hidden);
        Bound.WIDTH.check("intermediate", intermediate);
        Bound.WIDTH.check("projection", projection);
        Bound.LAYERS.check("layers", layers);
        Bound.TOKENS.check("max_position_embeddings", maxTokens);
        checkArgument(heads > 0 && hidden % heads == 0, "the hidden size (%s) must be a multiple of the heads (%s)", hidden, heads);
    }

    /// The text side of CLIP ViT-L/14 (Radford et al. 2021), as Stable Diffusion 3 has it.
    public static ClipTextConfig large() {
        return new ClipTextConfig(49408, 768, 3072, 768, 12, 12, 77, 1e-5, Activation.QUICK_GELU, LEGACY_EOS);
    }

    /// @param json a text model's configuration, or a whole CLIP's
    /// @param where the file, for messages
    public static ClipTextConfig of(JsonNode json, String where) {
        var whole = new ConfigReader(json, where);
        var fields = whole.has("text_config") ? whole.in("text_config") : whole;
        whole.requirePlain();
        if (whole.has("model_type") && !KINDS.contains(whole.text("model_type"))) {
            throw whole.unknown("model_type", String.join(", ", KINDS));
        }
        for (var name : whole.raw("architectures")) {
            whole.require(name.asText().startsWith("CLIP"), "architectures", "must be of the model_type clip");
        }
        var bend = ClipActivations.read(fields);
        var config = fields.checked(() -> new ClipTextConfig(fields.integer("vocab_size", 49408), fields.integer("hidden_size", 512),
                fields.integer("intermediate_size", 2048), fields.integer("projection_dim", 512), fields.integer("num_hidden_layers", 12),
                fields.integer("num_attention_heads", 8), fields.integer("max_position_embeddings", 77),
                fields.number("layer_norm_eps", 1e-5), bend, fields.integer("eos_token_id", 49407)));
        if (fields != whole && whole.has(PROJECTION)) {
            whole.require(whole.integer(PROJECTION) == config.projection(), PROJECTION, "must agree with text_config");
        }
        whole.requireKnown(WHOLE);
        fields.requireKnown(TEXT);
        return config;
    }

    /// For comparisons: the two ways to say where a text ends are told alike where they mean the same.
    public ModelDescription described(String where) {
        var end = eosId == LEGACY_EOS ? vocabulary - 1 : eosId;
        return new ModelDescription(where, json().put("eos_token_id", end));
    }

    /// The JSON that [#of] and transformers read.
    public ObjectNode json() {
        var root = JsonNodeFactory.instance.objectNode().put("model_type", "clip_text_model");
        root.putArray("architectures").add("CLIPTextModelWithProjection");
        return root.put("vocab_size", vocabulary).put("hidden_size", hidden).put("intermediate_size", intermediate)
                .put("projection_dim", projection).put("num_hidden_layers", layers).put("num_attention_heads", heads)
                .put("max_position_embeddings", maxTokens).put("layer_norm_eps", normEps).put("eos_token_id", eosId)
                .put(ClipActivations.FIELD, ClipActivations.name(activation));
    }
}
