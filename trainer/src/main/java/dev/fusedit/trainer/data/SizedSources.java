package dev.fusedit.trainer.data;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import dev.fusedit.trainer.data.Batches.Sample;
import dev.fusedit.trainer.data.Batches.Shown;
import dev.fusedit.trainer.data.Batches.Wanted;
import dev.fusedit.trainer.data.SingleBatches.SizedSamples;
import dev.fusedit.trainer.data.image.ImageSize;
import java.util.List;
import java.util.Objects;

/// Sources whose images have several sizes: a batch is of one size, out of all sources that have such images, in [BucketOrder].
///
/// @param seed of the order of batches
/// @param sources one at least
record SizedSources(long seed, ImmutableList<SizedSource> sources) {
    /// @param images of it in an epoch
    /// @param ahead of its images that are fetched before their turn; 0 for none
    record SizedSource(long images, long ahead, ImmutableMap<ImageSize, SizedSamples> samples) {
        static SizedSource of(long images, long ahead, List<SizedSamples> samples) {
            return new SizedSource(images, ahead, Maps.uniqueIndex(samples, SizedSamples::size));
        }

        long count() { return samples.values().stream().mapToLong(SizedSamples::count).sum(); }

        long count(ImageSize size) { return samples.containsKey(size) ? dealt(size).count() : 0; }

        SizedSamples dealt(ImageSize size) { return Objects.requireNonNull(samples.get(size)); }
    }

    Shown shown(long step, Wanted wanted) {
        var order = order(wanted);
        for (int source = 0; source < sources.size(); source++) expect(order, source, step, wanted.slice());
        var turn = order.at(step);
        var size = turn.bucket().size();
        long position = wanted.position(step);
        return new Shown(size, i -> sample(size, turn.at(i), position + i));
    }

    /// What comes of a source so many of its images later.
    private void expect(BucketOrder order, int source, long step, BatchSlice slice) {
        var own = sources.get(source);
        if (own.ahead == 0) return;
        long epoch = sources.stream().mapToLong(SizedSource::images).sum();
        var turn = order.at(step + own.ahead * epoch / own.images / order.batch());
        for (int i = slice.first(order.batch()); i < slice.end(order.batch()); i++) {
            var place = turn.at(i);
            if (place.source() == source) own.dealt(turn.bucket().size()).dealing().expect(place.position());
        }
    }

    private Sample sample(ImageSize size, MixOrder.Place place, long position) {
        return sources.get(place.source()).dealt(size).dealing().at(place.position(), position);
    }

    private BucketOrder order(Wanted wanted) {
        var shares = sources.stream().map(source -> new BucketOrder.Share(source.images, source.count()));
        var buckets = wanted.sizes().stream().map(size -> new BucketOrder.Bucket(size, sources.stream().map(source -> source.count(size))
                .collect(ImmutableList.toImmutableList()))).filter(bucket -> bucket.samples().stream().anyMatch(count -> count > 0));
        return new BucketOrder(seed, shares.collect(ImmutableList.toImmutableList()), buckets.collect(ImmutableList.toImmutableList()),
                wanted.firstImage(), wanted.images());
    }
}
