package dev.fusedit.fusion.vision;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.fusion.config.KnownFields;
import dev.fusedit.fusion.config.TransformersFields;

/// Sizes of a [DinoModel]. JSON has transformers' field names.
///
/// @param imageSide of the images that positions were learned on
/// @param registers tokens beside the class's that stand for no place (Darcet et al. 2023)
/// @param hasRegisters whether the model is of the kind with registers, whose positions are resized with antialiasing
/// @param gated whether the MLP is the gated one of the giant model
public record DinoConfig(int hidden, int layers, int heads, int mlpRatio, int imageSide, int patch, double normEps, int registers,
        boolean hasRegisters, boolean gated, boolean qkvBias) {
    private static final KnownFields FIELDS = TransformersFields.ALL
            .passed("new weights alone, and no weight is new", "initializer_range", "layerscale_value")
            .passed("dropout serves training alone; nothing here drops out", "drop_path_rate")
            .passed("what Python's backbones return", "apply_layernorm", "reshape_hidden_states", "out_features", "out_indices",
                    "stage_names")
            .passed("masks serve DINOv2's own training", "use_mask_token").only("num_channels", "3", "images have three channels");

    public DinoConfig {
        checkArgument(hidden > 0 && layers > 0 && mlpRatio > 0, "sizes must be positive: hidden %s, layers %s, mlp_ratio %s", hidden,
                layers,
                mlpRatio);
        Bound.WIDTH.check("hidden", hidden);
        Bound.LAYERS.check("layers", layers);
        Bound.HEADS.check("mlp_ratio", mlpRatio);
        Bound.WIDTH.check("mlp_ratio times hidden", Math.multiplyFull(mlpRatio, hidden));
        Bound.SIDE.check("image_size", imageSide);
        Bound.TABLE.check("image_size over patch_size", imageSide / Math.max(1, patch));
        checkArgument(heads > 0 && hidden % heads == 0, "the hidden size (%s) must be a multiple of the heads (%s)", hidden, heads);
        checkArgument(patch > 0 && imageSide >= patch, "image_size %s must be at least the patch of %s", imageSide, patch);
        Bound.TOKENS.checkOrNone("num_register_tokens", registers);
        checkArgument((hasRegisters || registers == 0), "a model without registers cannot have %s", registers);
    }

    /// DINOv2 ViT-B/14 with four registers, which representations are usually aligned with.
    public static DinoConfig base() { return new DinoConfig(768, 12, 12, 4, 518, 14, 1e-6, 4, true, false, true); }

    /// @param where the file, for messages
    public static DinoConfig of(JsonNode json, String where) {
        var fields = new ConfigReader(json, where);
        fields.requirePlain();
        var kind = fields.text("model_type");
        var hasRegisters = "dinov2_with_registers".equals(kind);
        if (!hasRegisters && !"dinov2".equals(kind)) {
            throw fields.unknown("model_type", "dinov2, dinov2_with_registers");
        }
        if (fields.has("hidden_act") && !"gelu".equals(fields.text("hidden_act"))) {
            throw fields.unknown("hidden_act", "gelu");
        }
        for (var name : fields.raw("architectures")) {
            fields.require(hasRegisters == name.asText().contains("WithRegisters"), "architectures", "must be of the model_type " + kind);
        }
        var config = fields.checked(() -> new DinoConfig(fields.integer("hidden_size", 768), fields.integer("num_hidden_layers", 12),
                fields.integer("num_attention_heads", 12), fields.integer("mlp_ratio", 4), fields.integer("image_size", 224),
                fields.integer("patch_size", hasRegisters ? 16 : 14), fields.number("layer_norm_eps", 1e-6),
                hasRegisters ? fields.integer("num_register_tokens", 4) : 0, hasRegisters, fields.flag("use_swiglu_ffn"),
                fields.flag("qkv_bias", true)));
        fields.requireAllKnown(FIELDS);
        return config;
    }

    /// As transformers writes it; reads back as itself.
    public ObjectNode json() {
        var json = JsonNodeFactory.instance.objectNode();
        json.putArray("architectures").add(hasRegisters ? "Dinov2WithRegistersModel" : "Dinov2Model");
        json.put("model_type", hasRegisters ? "dinov2_with_registers" : "dinov2").put("hidden_size", hidden)
                .put("num_hidden_layers", layers).put("num_attention_heads", heads).put("mlp_ratio", mlpRatio)
                .put("image_size", imageSide)
                .put("patch_size", patch).put("layer_norm_eps", normEps).put("hidden_act", "gelu").put("qkv_bias", qkvBias)
                .put("use_swiglu_ffn", gated);
        return hasRegisters ? json.put("num_register_tokens", registers) : json;
    }

    /// Patches along a side that positions were learned on.
    int side() { return imageSide / patch; }

    /// Width within the MLP; that of the gated one is two thirds, rounded up to a multiple of 8.
    int inner() { return gated ? (hidden * mlpRatio * 2 / 3 + 7) / 8 * 8 : hidden * mlpRatio; }
}
