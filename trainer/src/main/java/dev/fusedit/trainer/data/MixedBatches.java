package dev.fusedit.trainer.data;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.trainer.data.SingleBatches.Dealing;
import dev.fusedit.trainer.data.SingleBatches.SizedSamples;
import dev.fusedit.trainer.data.SizedSources.SizedSource;
import dev.fusedit.trainer.data.image.ImageSize;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
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
    /// @param sizes of its images, by the sizes of the whole mixture's in the same stage
    public record Part(String name, SingleBatches batches, double weight, long samples,
            ImmutableMap<ImmutableList<ImageSize>, ImmutableList<ImageSize>> sizes) {
        /// All sources' images have one size.
        public Part(String name, SingleBatches batches, double weight, long samples) {
            this(name, batches, weight, samples, ImmutableMap.of());
        }

        /// The same place in the mixture for other batches of the same images.
        public Part with(SingleBatches others) { return new Part(name, others, weight, samples, sizes); }

        /// Of a stage's sizes those of this source.
        public ImmutableList<ImageSize> own(List<ImageSize> all) { return sizes.getOrDefault(all, ImmutableList.copyOf(all)); }
    }

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

    /// Where images have several sizes, [BucketOrder] says which batch a step is, out of all sources that have images of that size.
    @Override
    public Shown shown(long step, Wanted wanted) {
        if (wanted.sizes().size() == 1 || wanted.images() == 0) {
            return new Shown(wanted.sizes().getFirst(), i -> sample(wanted.position(step) + i, wanted.sizes().getFirst()));
        }
        var sources = IntStream.range(0, parts.size()).mapToObj(i -> SizedSource.of(counts().get(i), parts.get(i).batches().ahead(),
                dealt(i, wanted.sizes())));
        return new SizedSources(order.seed(), sources.collect(ImmutableList.toImmutableList())).shown(step, wanted);
    }

    private List<SizedSamples> dealt(int source, ImmutableList<ImageSize> sizes) {
        var part = parts.get(source);
        return part.batches().bySize(part.own(sizes)).stream()
                .map(each -> new SizedSamples(each.size(), each.count(), new Numbered(each.dealing(), before(source)))).toList();
    }

    /// @param before numbers of the sources before
    private record Numbered(Dealing own, long before) implements Dealing {
        @Override
        public Sample at(long place, long position) { return own.at(place, position).after(before); }

        @Override
        public void expect(long place) { own.expect(place); }
    }

    @Override
    public Sample sample(long position, ImageSize size) {
        var place = order.at(position);
        return parts.get(place.source()).batches().sample(place.position(), size).after(before(place.source()));
    }

    /// Numbers of samples go on from source to source.
    private long before(int source) { return parts.subList(0, source).stream().mapToLong(Part::samples).sum(); }

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
        return new ValidationSamples(new Held(parts, all), all.stream().flatMap(each -> each.captions().stream()).toList(),
                all.stream().flatMap(each -> Stream.of(each.captionTokens())).toArray(int[][]::new),
                all.stream().flatMap(each -> Stream.of(each.sentenceTokens())).toArray(int[][]::new));
    }

    /// Held-out images, source after source.
    private record Held(ImmutableList<Part> parts, List<ValidationSamples> all) implements ValidationSamples.Pixels {
        /// @param index among the source's own
        private record Place(int source, int index) {}

        private Place at(int index) {
            int left = index;
            for (int source = 0; source < all.size(); source++) {
                int own = all.get(source).captions().size();
                if (left < own) return new Place(source, left);
                left -= own;
            }
            throw new IndexOutOfBoundsException(index);
        }

        @Override
        public ImageSize size(int index, List<ImageSize> sizes) {
            var place = at(index);
            return all.get(place.source).pixels().size(place.index, parts.get(place.source).own(sizes));
        }

        @Override
        public byte[] of(int index, ImageSize size) {
            var place = at(index);
            return all.get(place.source).pixels().of(place.index, size);
        }
    }

    @Override
    public void close() { parts.forEach(part -> part.batches().close()); }
}
