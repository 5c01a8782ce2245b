package dev.fusedit.fusion.vision;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.fusion.config.KnownFields;
import dev.fusedit.fusion.config.TransformersFields;
import dev.fusedit.nn.Activation;
import java.util.Set;

/// Sizes of a [ClipVisionModel]. JSON has transformers' field names.
///
/// @param projection width of the vector that is compared with texts
/// @param imageSide of the images that positions were learned on, in pixels
public record ClipVisionConfig(int hidden, int intermediate, int projection, int layers, int heads, int imageSide, int patch,
        double normEps, Activation activation) {
    private static final String PROJECTION = "projection_dim";
    private static final Set<String> KINDS = Set.of("clip", "clip_vision_model");
    private static final KnownFields VISION = TransformersFields.ALL
            .passed("new weights alone, and no weight is new", "initializer_range", "initializer_factor", "logit_scale_init_value")
            .only("num_channels", "3", "images have three channels");
    private static final KnownFields WHOLE = VISION.passed("of the side that reads, which is not built of it", "text_config",
            "text_config_dict").passed("vision_config says it", "vision_config_dict");

    public ClipVisionConfig {
        checkArgument(hidden > 0 && intermediate > 0 && projection > 0 && layers > 0,
                "sizes must be positive: hidden %s, intermediate %s, projection %s, layers %s", hidden, intermediate, projection, layers);
        Bound.WIDTH.check("hidden", hidden);
        Bound.WIDTH.check("intermediate", intermediate);
        Bound.WIDTH.check("projection", projection);
        Bound.LAYERS.check("layers", layers);
        Bound.SIDE.check("image_size", imageSide);
        Bound.TABLE.check("image_size over patch_size", imageSide / Math.max(1, patch));
        checkArgument(heads > 0 && hidden % heads == 0, "the hidden size (%s) must be a multiple of the heads (%s)", hidden, heads);
        checkArgument(patch > 0 && imageSide >= patch, "image_size %s must be at least the patch of %s", imageSide, patch);
    }

    /// @param json an image model's configuration, or a whole CLIP's
    /// @param where the file, for messages
    public static ClipVisionConfig of(JsonNode json, String where) {
        var whole = new ConfigReader(json, where);
        whole.requirePlain();
        if (whole.has("model_type") && !KINDS.contains(whole.text("model_type"))) {
            throw whole.unknown("model_type", String.join(", ", KINDS));
        }
        var fields = whole.has("vision_config") ? whole.in("vision_config") : whole;
        int projection = fields != whole && whole.has(PROJECTION) ? whole.integer(PROJECTION) : fields.integer(PROJECTION, 512);
        fields.raw(PROJECTION);
        var config =
                fields.checked(() -> new ClipVisionConfig(fields.integer("hidden_size", 768), fields.integer("intermediate_size", 3072),
                        projection, fields.integer("num_hidden_layers", 12), fields.integer("num_attention_heads", 12),
                        fields.integer("image_size", 224), fields.integer("patch_size", 32), fields.number("layer_norm_eps", 1e-5),
                        ClipActivations.read(fields)));
        whole.requireKnown(WHOLE);
        fields.requireKnown(VISION);
        return config;
    }

    /// Patches along a side.
    int side() { return imageSide / patch; }
}
