package dev.fusedit.trainer.data.source;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableListMultimap;
import com.google.common.collect.Multimaps;
import dev.fusedit.trainer.data.image.CoverCrop;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import java.util.Comparator;
import java.util.List;

/// Samples by the size that they are shown at ("aspect-ratio bucketing": NovelAI 2022): each one's is the size whose aspect ratio is nearest
/// to its own, by the ratio of both. Sizes that no sample is nearest to are left out.
///
/// @param buckets in the order of their sizes, each with one sample at least
public record SizeBuckets(ImmutableList<Bucket> buckets) {
    /// @param samples in the source's order
    public record Bucket(ImageSize size, ImmutableList<SampleFacts> samples) {
        /// The share of an image that is cut off, on average.
        public double cut() { return samples.stream().mapToDouble(facts -> crop(size).cut(facts.size())).average().orElseThrow(); }

        /// The share of images that are made larger.
        public double enlarged() {
            return (double) samples.stream().filter(facts -> crop(size).enlarges(facts.size())).count() / samples.size();
        }
    }

    /// @param sizes at least one, each once
    public static SizeBuckets of(List<SampleFacts> samples, List<ImageSize> sizes) {
        ImmutableListMultimap<ImageSize, SampleFacts> bySize = Multimaps.index(samples, facts -> nearest(facts.size(), sizes));
        return new SizeBuckets(sizes.stream().filter(bySize::containsKey).map(size -> new Bucket(size, bySize.get(size)))
                .collect(ImmutableList.toImmutableList()));
    }

    /// The one of these sizes that an image is shown at. Of several of one aspect ratio it is the largest that the image need not be made
    /// larger for, or the smallest of all.
    public static ImageSize nearest(ImageSize image, List<ImageSize> sizes) {
        return sizes.size() == 1 ? sizes.getFirst()
                : sizes.stream().min(Comparator.<ImageSize>comparingDouble(size -> distance(image, size))
                        .thenComparing(size -> crop(size).enlarges(image))
                        .thenComparing(size -> crop(size).enlarges(image) ? size.pixels() : -size.pixels())).orElseThrow();
    }

    private static double distance(ImageSize image, ImageSize size) {
        return Math
                .abs(Math.log((double) Math.multiplyFull(image.width(), size.height()) / Math.multiplyFull(image.height(), size.width())));
    }

    /// The filter changes no size.
    private static CoverCrop crop(ImageSize size) { return new CoverCrop(size, Filter.BILINEAR); }

    /// Samples in all buckets.
    public long samples() { return buckets.stream().mapToLong(bucket -> bucket.samples().size()).sum(); }
}
