package dev.fusedit.trainer.eval.suite;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.eval.features.ClipEncoder;
import dev.fusedit.trainer.eval.features.DinoEncoder;
import dev.fusedit.trainer.eval.features.ImageEncoder;
import dev.fusedit.trainer.eval.metrics.Diversity;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.log.PngImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// How different images of one prompt are by an encoder's features: the Vendi score (Friedman and Dieng 2023; cosine kernel), and 1 − the
/// mean cosine of pairs. A prompt is one unit; each counts with the same number of images, which the Vendi score depends on.
///
/// @param encoder what reports call it
record FeatureDiversity(String encoder, Estimate vendi, Estimate distance) {
    /// @param each images of every prompt, two and more
    /// @param image the one at a place, a prompt's images behind each other
    static FeatureDiversity of(ImageEncoder encoder, int prompts, int each, IntFunction<PngImage> image) {
        try (var _ = TensorScope.open()) {
            var features = encoder.features(prompts * each, image);
            var found = IntStream.range(0, prompts).mapToObj(i -> Diversity.of(features.narrow(0, (long) i * each, each))).toList();
            return new FeatureDiversity(encoder.name(), Estimate.mean(found.stream().mapToDouble(Diversity::vendi).toArray()),
                    Estimate.mean(found.stream().mapToDouble(Diversity::meanDistance).toArray()));
        }
    }

    /// Encoders by their words in reports, opened one after the other on a device.
    record Encoders(Optional<Path> dino, Optional<Path> clip, Device device) {
        boolean isEmpty() { return dino.isEmpty() && clip.isEmpty(); }

        /// @return by the encoder's word
        ImmutableMap<String, FeatureDiversity> of(int prompts, int each, IntFunction<PngImage> image) {
            var found = ImmutableMap.<String, FeatureDiversity>builder();
            dino.ifPresent(folder -> found.put("dinov2", of(() -> DinoEncoder.open(folder, device), prompts, each, image)));
            clip.ifPresent(folder -> found.put("clip", of(() -> ClipEncoder.open(folder, device), prompts, each, image)));
            return found.buildOrThrow();
        }

        private static FeatureDiversity of(Supplier<ImageEncoder> open, int prompts, int each, IntFunction<PngImage> image) {
            try (var encoder = open.get()) {
                return FeatureDiversity.of(encoder, prompts, each, image);
            }
        }
    }

    /// Rows of a table, one for each number.
    ///
    /// @param anchors the same of images that are as different as can be, where there are any
    /// @param columns of the table, behind the name
    static List<List<String>> rows(ImmutableMap<String, FeatureDiversity> found, ImmutableMap<String, FeatureDiversity> anchors,
            boolean anchored) {
        var rows = new ArrayList<List<String>>();
        found.forEach((word, one) -> {
            var anchor = Optional.ofNullable(anchors.get(word));
            rows.add(row("Vendi score, " + word, one.vendi, anchor.map(FeatureDiversity::vendi), anchored));
            rows.add(row("1 - cosine, " + word, one.distance, anchor.map(FeatureDiversity::distance), anchored));
        });
        return rows;
    }

    private static List<String> row(String name, Estimate value, Optional<Estimate> anchor, boolean anchored) {
        var row = new ArrayList<>(List.of(name, value.text(3)));
        if (anchored) row.add(anchor.map(it -> it.text(3)).orElse(""));
        row.add("" + value.n());
        return row;
    }

    void toJson(ObjectNode json) {
        json.put("encoder", encoder);
        json.set("vendi", vendi.toJson());
        json.set("cosine_distance", distance.toJson());
    }
}
