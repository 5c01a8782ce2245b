package dev.fusedit.trainer.data;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Which source the image at a position of a mixture is of, and which of that source's it is: a function of seed and position alone.
///
/// An epoch has as many images of each source as its weight says, to the image ([#shares]). They come evenly spread: after q places of an
/// epoch of N a source of c images has had c · q / N of them, rounded, among what the sources before it leave. Then places are shuffled
/// within windows of [#WINDOW], so that no source stands at every second place.
///
/// @param counts images of each source in an epoch
public record MixOrder(long seed, ImmutableList<Long> counts) {
    private static final int WINDOW = 64;
    /// So that products of two places are longs.
    private static final long MOST = Integer.MAX_VALUE;

    /// @param position among the source's own images, over all epochs
    public record Place(int source, long position) {}

    public MixOrder {
        checkArgument(samples(counts) > 0 && samples(counts) <= MOST, "an epoch has 1 to %s images, not %s", MOST, samples(counts));
    }

    /// Whole numbers in the proportion of weights that add up to a sum: each rounded down, and those with the largest remainders one more
    /// (Hamilton's method); of equal remainders the first.
    static ImmutableList<Long> shares(long sum, List<Double> weights) {
        double all = weights.stream().mapToDouble(Double::doubleValue).sum();
        var exact = weights.stream().map(weight -> sum * (weight / all)).toList();
        var shares = new ArrayList<>(exact.stream().map(each -> (long) Math.floor(each)).toList());
        long left = sum - samples(shares);
        IntStream.range(0, shares.size()).boxed().sorted(Comparator.comparing(i -> Math.floor(exact.get(i)) - exact.get(i)))
                .limit(left).forEach(i -> shares.set(i, shares.get(i) + 1));
        return ImmutableList.copyOf(shares);
    }

    private static long samples(List<Long> counts) { return counts.stream().mapToLong(Long::longValue).sum(); }

    /// Images of an epoch.
    public long samples() { return samples(counts); }

    Place at(long position) {
        long samples = samples(), epoch = position / samples;
        long place = BlockOrder.withinWindow(seed, epoch, position % samples, samples, WINDOW);
        int last = counts.size() - 1;
        for (int source = 0; source < last; source++) {
            long before = before(source, place, samples);
            if (before(source, place + 1, samples) > before) return new Place(source, epoch * counts.get(source) + before);
            place -= before;
            samples -= counts.get(source);
        }
        return new Place(last, epoch * counts.get(last) + place);
    }

    /// Images of a source before a place, among as many as it and those behind it have.
    private long before(int source, long place, long among) { return (place * counts.get(source) + among / 2) / among; }
}
