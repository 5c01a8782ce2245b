package dev.fusedit.trainer.data;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.data.image.ImageSize;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Batches of several sources, each as often as its weight says: [MixOrder] says whose turn it is at a position, and the source, as if it were
/// alone, which of its samples comes. So every source goes through its own epochs: one that is small for its weight begins again sooner.
///
/// @param order over the positions of the run
/// @param texts as the language model reads them
public record MixedBatches(ImmutableList<Part> parts, MixOrder order, TextIds texts) implements Batches {
    /// A source.
    ///
    /// @param samples found in it; theirs are the numbers below that
    public record Part(String name, Batches batches, double weight, long samples) {}

    /// @param samples of an epoch of the mixture, over which the weights hold to the image
    /// @param seed of the order of sources
    public static MixedBatches of(List<Part> parts, long samples, long seed, TextIds texts) {
        var counts = MixOrder.shares(samples, parts.stream().map(Part::weight).toList());
        return new MixedBatches(ImmutableList.copyOf(parts), new MixOrder(seed, counts), texts);
    }

    public MixedBatches {
        checkArgument(parts.size() == order.counts().size(), "each source has its count");
    }

    /// How many of so many go to each source by its weight.
    public static List<Integer> shares(int count, List<Double> weights) {
        return MixOrder.shares(count, weights).stream().map(Math::toIntExact).toList();
    }

    /// Images of each source in an epoch of the mixture.
    public List<Long> counts() { return order.counts(); }

    /// Numbers of samples go on from source to source.
    @Override
    public Sample sample(long position, ImageSize size) {
        var place = order.at(position);
        var sample = parts.get(place.source()).batches().sample(place.position(), size);
        long before = parts.subList(0, place.source()).stream().mapToLong(Part::samples).sum();
        return new Sample(before + sample.key(), sample.rgb(), sample.caption(), sample.stored());
    }

    @Override
    public String sentence(long position) {
        var place = order.at(position);
        return parts.get(place.source()).batches().sentence(place.position());
    }

    @Override
    public long seed() { return order.seed(); }

    /// Of each source by its weight, as far as it has as many.
    @Override
    public ValidationSamples validation(long validationSeed, int count) {
        var counts = shares(count, parts.stream().map(Part::weight).toList());
        var all = new ArrayList<ValidationSamples>();
        for (int i = 0; i < parts.size(); i++) all.add(parts.get(i).batches().validation(validationSeed, counts.get(i)));
        return new ValidationSamples((index, size) -> pixels(all, index, size),
                all.stream().flatMap(each -> each.captions().stream()).toList(),
                all.stream().flatMap(each -> Stream.of(each.captionTokens())).toArray(int[][]::new),
                all.stream().flatMap(each -> Stream.of(each.sentenceTokens())).toArray(int[][]::new));
    }

    private static byte[] pixels(List<ValidationSamples> all, int index, ImageSize size) {
        int left = index;
        for (var each : all) {
            if (left < each.captions().size()) return each.pixels().of(left, size);
            left -= each.captions().size();
        }
        throw new IndexOutOfBoundsException(index);
    }

    @Override
    public void close() { parts.forEach(part -> part.batches().close()); }
}
