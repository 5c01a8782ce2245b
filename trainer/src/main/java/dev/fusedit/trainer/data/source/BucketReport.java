package dev.fusedit.trainer.data.source;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Joiner;
import dev.fusedit.trainer.log.TextTable;
import java.util.List;
import java.util.Locale;

/// What becomes of images in the buckets of some stages: how many each has, and what they lose.
///
/// @param stages their names
/// @param batch images of a step, in the stage with the largest batches
public record BucketReport(List<String> stages, int batch, SizeBuckets buckets) {
    /// For a person.
    public String text() {
        var table = new TextTable("size of images", "images", "cut away", "made larger");
        buckets.buckets().forEach(bucket -> table.row(bucket.size().word(), "%,d".formatted(bucket.samples().size()),
                percent(bucket.cut()), percent(bucket.enlarged())));
        var text = new StringBuilder("Aspect-ratio buckets of %s:\n".formatted(Joiner.on(", ").join(stages))).append(table.text());
        var small =
                buckets.buckets().stream().filter(bucket -> bucket.samples().size() < batch).map(bucket -> bucket.size().word()).toList();
        if (!small.isEmpty()) {
            text.append(("%s: fewer images than the %d of a batch, so an image comes more than once in one (and all are seen equally "
                    + "often). A larger data.aspect_buckets.step makes fewer buckets\n").formatted(Joiner.on(", ").join(small), batch));
        }
        return text.toString().stripTrailing();
    }

    private static String percent(double share) { return String.format(Locale.ROOT, "%.1f %%", 100 * share); }

    /// For programs.
    public ObjectNode json() {
        var json = JsonNodeFactory.instance.objectNode();
        stages.forEach(json.putArray("stages")::add);
        var sizes = json.putArray("sizes");
        buckets.buckets().forEach(bucket -> sizes.addObject().put("width", bucket.size().width()).put("height", bucket.size().height())
                .put("images", bucket.samples().size()).put("cut", bucket.cut()).put("enlarged", bucket.enlarged()));
        return json;
    }
}
