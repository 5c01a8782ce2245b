package dev.fusedit.trainer.data.source;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Joiner;
import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.log.TextTable;
import java.util.List;
import java.util.Locale;

/// What becomes of images in the buckets of some stages: how many each has, and what they lose.
///
/// @param stages their names
/// @param batch images of a step, in the stage with the largest batches
public record BucketReport(List<String> stages, int batch, ImmutableList<Row> rows) {
    /// A bucket.
    ///
    /// @param images of it in an epoch
    /// @param cut share of an image that is cut off, on average
    /// @param enlarged share of images that are made larger
    public record Row(ImageSize size, long images, double cut, double enlarged) {}

    /// @param images of an epoch, out of all samples in the buckets
    public static ImmutableList<Row> rows(SizeBuckets buckets, long images) {
        double rate = (double) images / buckets.samples();
        return buckets.buckets().stream().map(bucket -> new Row(bucket.size(), Math.round(rate * bucket.samples().size()), bucket.cut(),
                bucket.enlarged())).collect(ImmutableList.toImmutableList());
    }

    /// Of one source, whose epoch is all its samples.
    public static BucketReport of(List<String> stages, int batch, SizeBuckets buckets) {
        return new BucketReport(stages, batch, rows(buckets, buckets.samples()));
    }

    /// Of a mixture.
    ///
    /// @param sizes each once
    /// @param rows of all sources
    public static BucketReport mixed(List<String> stages, int batch, List<ImageSize> sizes, List<Row> rows) {
        return new BucketReport(stages, batch,
                sizes.stream().map(size -> joined(size, rows.stream().filter(row -> row.size.equals(size)).toList()))
                        .filter(row -> row.images > 0).collect(ImmutableList.toImmutableList()));
    }

    private static Row joined(ImageSize size, List<Row> rows) {
        long images = rows.stream().mapToLong(Row::images).sum();
        return new Row(size, images, rows.stream().mapToDouble(row -> row.images * row.cut).sum() / Math.max(1, images),
                rows.stream().mapToDouble(row -> row.images * row.enlarged).sum() / Math.max(1, images));
    }

    /// For a person.
    public String text() {
        var table = new TextTable("size of images", "images", "cut away", "made larger");
        rows.forEach(row -> table.row(row.size.word(), "%,d".formatted(row.images), percent(row.cut), percent(row.enlarged)));
        var text = new StringBuilder("Aspect-ratio buckets of %s:\n".formatted(Joiner.on(", ").join(stages))).append(table.text());
        var small = rows.stream().filter(row -> row.images < batch).map(row -> row.size.word()).toList();
        if (!small.isEmpty()) {
            text.append(("%s: fewer images than the %d of a batch, so an image comes more than once in one (and all are seen equally "
                    + "often). A larger step of aspect_buckets makes fewer buckets\n").formatted(Joiner.on(", ").join(small), batch));
        }
        return text.toString().stripTrailing();
    }

    private static String percent(double share) { return String.format(Locale.ROOT, "%.1f %%", 100 * share); }

    /// For programs.
    public ObjectNode json() {
        var json = JsonNodeFactory.instance.objectNode();
        stages.forEach(json.putArray("stages")::add);
        var sizes = json.putArray("sizes");
        rows.forEach(row -> sizes.addObject().put("width", row.size.width()).put("height", row.size.height()).put("images", row.images)
                .put("cut", row.cut).put("enlarged", row.enlarged));
        return json;
    }
}
