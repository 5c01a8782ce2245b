package dev.fusedit.fusion.vae;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.fusion.config.KnownFields;
import dev.fusedit.fusion.config.ModelDescription;
import dev.fusedit.torch.UserError;
import java.util.List;

/// Sizes of an [AutoencoderKL]. JSON has diffusers' field names.
///
/// @param blockChannels channels of each level, from the image down; every level but the last halves the sides
/// @param layersPerBlock residual blocks a level going down; there is one more going up
/// @param sampleSize side of the images it was trained on, and of a tile where images are tiled
/// @param scalingFactor brings latents to unit variance
/// @param shiftFactor their mean
/// @param quantConv a pointwise convolution after the encoder
/// @param postQuantConv one before the decoder
/// @param midAttention attention among all places of the smallest level
public record AutoencoderConfig(int inChannels, int outChannels, List<Integer> blockChannels, int layersPerBlock, int latentChannels,
        int normGroups, int sampleSize, double scalingFactor, double shiftFactor, boolean quantConv, boolean postQuantConv,
        boolean midAttention) {
    private static final String CLASS = "AutoencoderKL";
    private static final int MOST_BLOCKS = 16;
    private static final String DOWN = "DownEncoderBlock2D";
    private static final String UP = "UpDecoderBlock2D";
    private static final KnownFields FIELDS =
            KnownFields.of("If it changes no number, take it out of the file; else it is no autoencoder that is built here")
                    .passed("says who wrote the file", "_class_name", "_diffusers_version", "architectures", "transformers_version")
                    .passed("everything is computed in f32", "force_upcast", "torch_dtype", "dtype");

    /// What does not matter of a file beside another: images are tiled where memory needs it.
    public static final KnownFields NOT_COMPARED = KnownFields.of("").passed("side of a tile", "sample_size");
    private static final List<Integer> USUAL_CHANNELS = List.of(128, 256, 512, 512);

    public AutoencoderConfig {
        blockChannels = List.copyOf(blockChannels);
        checkArgument(inChannels > 0 && outChannels > 0 && latentChannels > 0, "channels must be positive, got %s in, %s out, %s latent",
                inChannels, outChannels, latentChannels);
        checkArgument(!blockChannels.isEmpty(), "block_out_channels is empty");
        checkArgument(layersPerBlock > 0, "layers_per_block must be positive, got %s", layersPerBlock);
        checkArgument(normGroups > 0 && allDivisible(blockChannels, normGroups), "block_out_channels %s must be multiples of the %s groups",
                blockChannels, normGroups);
        checkArgument(blockChannels.size() <= MOST_BLOCKS, "block_out_channels has %s blocks, which halve a side each; at most %s fit",
                blockChannels.size(), MOST_BLOCKS);
        blockChannels.forEach(channels -> Bound.WIDTH.check("block_out_channels", channels.intValue()));
        Bound.CHANNELS.check("latent_channels", latentChannels);
        Bound.LAYERS.check("layers_per_block", layersPerBlock);
        Bound.SIDE.check("sample_size", sampleSize);
        checkArgument(sampleSize >= 1 << blockChannels.size() - 1, "sample_size %s is less than one latent", sampleSize);
        checkArgument(scalingFactor > 0, "scaling_factor must be positive, got %s", scalingFactor);
        Bound.DEVIATION.check("scaling_factor", scalingFactor);
    }

    private static boolean allDivisible(List<Integer> channels, int groups) {
        return channels.stream().allMatch(count -> count > 0 && count % groups == 0);
    }

    /// Stable Diffusion 3 (Esser et al. 2024).
    public static AutoencoderConfig sd3() { return of16Channels(1.5305, 0.0609); }

    /// FLUX.1 (Black Forest Labs 2024).
    public static AutoencoderConfig flux() { return of16Channels(0.3611, 0.1159); }

    /// Stable Diffusion 1.5 (Rombach et al. 2022).
    public static AutoencoderConfig sd15() {
        return new AutoencoderConfig(3, 3, USUAL_CHANNELS, 2, 4, 32, 512, 0.18215, 0, true, true, true);
    }

    private static AutoencoderConfig of16Channels(double scaling, double shift) {
        return new AutoencoderConfig(3, 3, USUAL_CHANNELS, 2, 16, 32, 1024, scaling, shift, false, false, true);
    }

    /// @param where the file, for messages
    public static AutoencoderConfig of(JsonNode json, String where) {
        var fields = new ConfigReader(json, where);
        fields.requirePlain();
        if (fields.has("_class_name") && !CLASS.equals(fields.text("_class_name"))) {
            throw fields.unknown("_class_name", CLASS);
        }
        requireOnly(fields, "down_block_types", DOWN);
        requireOnly(fields, "up_block_types", UP);
        var activation = fields.text("act_fn");
        if (activation != null && !activation.equals("silu") && !activation.equals("swish")) {
            throw fields.unknown("act_fn", "silu");
        }
        var config = fields.checked(() -> new AutoencoderConfig(fields.integer("in_channels", 3), fields.integer("out_channels", 3),
                fields.integers("block_out_channels"), fields.integer("layers_per_block", 1), fields.integer("latent_channels", 4),
                fields.integer("norm_num_groups", 32), fields.integer("sample_size", 32), fields.number("scaling_factor", 0.18215),
                fields.number("shift_factor", 0), fields.flag("use_quant_conv", true), fields.flag("use_post_quant_conv", true),
                fields.flag("mid_block_add_attention", true)));
        for (var types : List.of("down_block_types", "up_block_types")) {
            fields.require(!fields.has(types) || fields.raw(types).size() == config.levels(), types,
                    "must be as many as block_out_channels");
        }
        fields.requireAllKnown(FIELDS);
        return config;
    }

    /// For comparisons.
    public ModelDescription described(String where) { return new ModelDescription(where, json()); }

    private static void requireOnly(ConfigReader fields, String name, String kind) {
        for (var value : fields.raw(name)) {
            if (!value.asText().equals(kind)) {
                throw new UserError("%s: %s may hold %s only, got %s".formatted(fields.where(), name, kind, value));
            }
        }
    }

    /// The JSON that [#of] and diffusers read.
    public ObjectNode json() {
        var root = JsonNodeFactory.instance.objectNode().put("_class_name", CLASS).put("in_channels", inChannels)
                .put("out_channels", outChannels).put("layers_per_block", layersPerBlock).put("act_fn", "silu")
                .put("latent_channels", latentChannels).put("norm_num_groups", normGroups).put("sample_size", sampleSize)
                .put("scaling_factor", scalingFactor).put("shift_factor", shiftFactor).put("use_quant_conv", quantConv)
                .put("use_post_quant_conv", postQuantConv).put("mid_block_add_attention", midAttention);
        blockChannels.forEach(root.putArray("block_out_channels")::add);
        blockChannels.forEach(_ -> root.withArray("/down_block_types").add(DOWN));
        blockChannels.forEach(_ -> root.withArray("/up_block_types").add(UP));
        return root;
    }

    public int levels() { return blockChannels.size(); }

    /// Image pixels along a side of one latent.
    public int factor() { return 1 << levels() - 1; }

    public int innermostChannels() { return blockChannels.getLast(); }

    /// Channels at the start of a level going down: the previous one's, the first's own.
    int channelsBefore(int level) { return blockChannels.get(Math.max(0, level - 1)); }
}
