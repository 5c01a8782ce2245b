package dev.fusedit.fusion.vision;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.fusion.config.KnownFields;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// How images in 0 to 1 are brought to what the model was trained on: (x − mean) / deviation, channel by channel.
public record Normalization(List<Double> mean, List<Double> deviation) {
    /// ImageNet's, which DINOv2 was trained with.
    public static final Normalization IMAGENET = new Normalization(List.of(0.485, 0.456, 0.406), List.of(0.229, 0.224, 0.225));
    /// To −1 to 1.
    public static final Normalization PLAIN = new Normalization(List.of(0.5, 0.5, 0.5), List.of(0.5, 0.5, 0.5));

    /// CLIP's.
    public static final Normalization CLIP =
            new Normalization(List.of(0.48145466, 0.4578275, 0.40821073), List.of(0.26862954, 0.26130258, 0.27577711));

    private static final KnownFields FIELDS = KnownFields.of("If it changes no number, take it out of the file")
            .passed("images are brought to size by the recipe's match", "do_resize", "size", "resample", "do_center_crop", "crop_size",
                    "do_pad", "size_divisor", "default_to_square")
            .passed("says who wrote the file", "image_processor_type", "feature_extractor_type", "processor_class")
            .passed("images are RGB here", "do_convert_rgb")
            .passed("how Python hands them over", "input_data_format", "data_format", "device",
                    "return_tensors", "disable_grouping")
            .only("do_normalize", "true", "images are normalised by image_mean and image_std")
            .only("do_rescale", "true", "images are brought to 0 to 1")
            .only("rescale_factor", "0.00392156862745098", "images are brought to 0 to 1");

    public Normalization {
        checkArgument(mean.size() == 3 && deviation.size() == 3, "there are three channels, not %s and %s", mean, deviation);
        checkArgument(deviation.stream().allMatch(d -> d > 0), "deviations must be positive, got %s", deviation);
        mean = ImmutableList.copyOf(mean);
        deviation = ImmutableList.copyOf(deviation);
    }

    /// @param images_BCHW in −1 to 1, as the image side has them
    public Tensor apply(Tensor images_BCHW) {
        return TensorScope.scoped(() -> images_BCHW.add(1).mul(0.5).sub(channels(mean, images_BCHW))
                .div(channels(deviation, images_BCHW)));
    }

    private static Tensor channels(List<Double> values, Tensor like) {
        return Tensor.of(values.stream().mapToDouble(Double::doubleValue).toArray(), 1, 3, 1, 1).to(like.dtype()).to(like.device());
    }

    public String json() {
        var json = JsonNodeFactory.instance.objectNode();
        mean.forEach(json.putArray("image_mean")::add);
        deviation.forEach(json.putArray("image_std")::add);
        return json.toPrettyString() + "\n";
    }

    /// What a `preprocessor_config.json` says.
    ///
    /// @param usual of a folder without one
    /// @param remedy what to do about a file that is broken
    /// @throws UserError naming the file and its field
    public static Normalization read(Path file, Normalization usual, String remedy) {
        if (!Files.exists(file)) return usual;
        var fields = new ConfigReader(JsonFile.object(file, remedy), file.toString());
        try {
            var normalization = new Normalization(numbers(fields, "image_mean"), numbers(fields, "image_std"));
            fields.requireKnown(FIELDS);
            return normalization;
        } catch (IllegalArgumentException e) {
            throw new UserError("%s: image_mean and image_std: %s".formatted(file, e.getMessage()), e);
        }
    }

    private static List<Double> numbers(ConfigReader fields, String name) {
        var values = fields.raw(name);
        fields.require(values.isArray() && values.valueStream().allMatch(JsonNode::isNumber), name, "must be a list of numbers");
        return values.valueStream().map(JsonNode::doubleValue).toList();
    }
}
