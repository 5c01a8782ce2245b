package dev.fusedit.trainer.data;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.SizedSources.SizedSource;
import dev.fusedit.trainer.data.blocks.Dice;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.source.BadSample;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.DataErrors;
import dev.fusedit.trainer.data.source.ImageTransform;
import dev.fusedit.trainer.data.source.SampleFacts;
import dev.fusedit.trainer.data.source.SizeBuckets;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.data.source.TrainingSplit;
import dev.fusedit.trainer.data.stored.StoredImages;
import java.util.List;
import java.util.Objects;

/// Batches of a person's own images: which sample comes where is a function of seed and position, as [BlockOrder] says. Positions count
/// over the whole run, epoch after epoch.
///
/// Where images may have several sizes, [BucketOrder] says which of them a batch is of, and with which samples.
///
/// A sample that cannot be read any more when its turn comes is written down, and the next one that can takes its place.
///
/// @param split which samples are trained on and which are held out
/// @param buckets of the samples that are trained on, by the sizes that stages want; none for stages that want one
/// @param seed of order, crops, flips, and the choice among captions
/// @param texts as the language model reads them
/// @param stored what need not be computed of the images
public record SourceBatches(TrainingSplit split, CaptionRule captions, ImageTransform transform,
        ImmutableMap<ImmutableList<ImageSize>, SizeBuckets> buckets, DataErrors errors, long seed, TextIds texts,
        StoredImages stored) implements SingleBatches {
    /// Sentences are captions in another order.
    private static final long SENTENCES = 1;
    private static final byte[] NO_PIXELS = {};

    /// Of which all is computed.
    public SourceBatches(TrainingSplit split, CaptionRule captions, ImageTransform transform,
            ImmutableMap<ImmutableList<ImageSize>, SizeBuckets> buckets, DataErrors errors, long seed, TextIds texts) {
        this(split, captions, transform, buckets, errors, seed, texts, StoredImages.NONE);
    }

    /// The same batches, of which something is stored.
    public SourceBatches with(StoredImages images, TextIds others) {
        return new SourceBatches(split, captions, transform, buckets, errors, seed, others, images);
    }

    private int at(long orderSeed, long position) {
        return (int) new BlockOrder(orderSeed, split.trained().size(), split.source().block()).at(position);
    }

    @Override
    public Shown shown(long step, Wanted wanted) {
        long position = wanted.position(step);
        if (wanted.sizes().size() == 1 || wanted.images() == 0) {
            var size = wanted.sizes().getFirst();
            return new Shown(size, i -> sample(position + i, size));
        }
        var alone = SizedSource.of(split.trained().size(), ahead(), bySize(wanted.sizes()));
        return new SizedSources(seed, ImmutableList.of(alone)).shown(step, wanted);
    }

    /// Of one size, all samples come in the run's order; of several, each size's in one of its own.
    @Override
    public ImmutableList<SizedSamples> bySize(ImmutableList<ImageSize> sizes) {
        var size = sizes.getFirst();
        return sizes.size() == 1 ? ImmutableList.of(new SizedSamples(size, split.trained().size(), (place, _) -> sample(place, size)))
                : Objects.requireNonNull(buckets.get(sizes)).buckets().stream().map(this::dealt).collect(ImmutableList.toImmutableList());
    }

    private SizedSamples dealt(SizeBuckets.Bucket bucket) {
        var size = bucket.size();
        long own = bucket.samples().size(), all = split.trained().size();
        long ownSeed = new Dice(seed, BucketOrder.PURPOSE, (long) size.width() << Integer.SIZE | size.height()).bits();
        var order = new BlockOrder(ownSeed, own, (int) Math.max(1, split.source().block() * own / all));
        return new SizedSamples(size, own, new Dealt(bucket, order));
    }

    @Override
    public Sample sample(long position, ImageSize size) {
        if (split.source().isFetched()) expect(split.trained(), at(seed, position + window()));
        return sample(split.trained(), at(seed, position), position, size);
    }

    /// Of a bucket of which nothing can be read any more another one's sample takes the place.
    ///
    /// @param position in the run, which decides what is left to chance
    private Sample sample(List<SampleFacts> samples, int first, long position, ImageSize size) {
        for (int tried = 0; tried < samples.size(); tried++) {
            var facts = samples.get((first + tried) % samples.size());
            try {
                return sample(facts.index(), position, size);
            } catch (BadSample e) {
                errors.add(e.of(split.source().key(facts.index())));
            }
        }
        if (samples.size() < split.trained().size()) return sample(split.trained(), at(seed, position), position, size);
        throw new IllegalStateException(split.source().place() + ": no sample can be read any more");
    }

    private long window() { return new BlockOrder(seed, split.trained().size(), split.source().block()).window(); }

    /// What comes a window later.
    private void expect(List<SampleFacts> samples, int number) { split.source().expect(samples.get(number).index(), window()); }

    @Override
    public long ahead() { return split.source().isFetched() ? window() : 0; }

    private Sample sample(int index, long position, ImageSize size) throws BadSample {
        var rgb = stored.arePixelsWanted()
                ? transform.shown(SourceScan.decoded(split.source(), index, transform.decoding()), size, seed, position).rgb()
                : NO_PIXELS;
        var caption = captions.of(split.source().texts(index), seed, position);
        return new Sample(index, rgb, caption, stored.of(index, size, transform.isMirrored(seed, position)));
    }

    @Override
    public String sentence(long position) { return split.trained().get(at(seed + SENTENCES, position)).caption(); }

    /// The held-out samples, the same ones for every seed: that decided before which are held out.
    @Override
    public ValidationSamples validation(long validationSeed, int count) {
        var held = split.held().subList(0, Math.min(count, split.held().size()));
        held.forEach(facts -> split.source().keep(facts.index()));
        List<String> theirs = held.stream().map(SampleFacts::caption).toList();
        return ValidationSamples.of(new HeldPixels(held), theirs, theirs, texts);
    }

    @Override
    public void close() { split.source().close(); }

    /// Of one bucket.
    private final class Dealt implements Dealing {
        private final SizeBuckets.Bucket bucket;
        private final BlockOrder order;

        Dealt(SizeBuckets.Bucket bucket, BlockOrder order) {
            this.bucket = bucket;
            this.order = order;
        }

        @Override
        public Sample at(long place, long position) { return sample(bucket.samples(), (int) order.at(place), position, bucket.size()); }

        @Override
        public void expect(long place) { SourceBatches.this.expect(bucket.samples(), (int) order.at(place)); }
    }

    /// Held-out images, without chance.
    private final class HeldPixels implements ValidationSamples.Pixels {
        private final List<SampleFacts> held;

        HeldPixels(List<SampleFacts> held) { this.held = held; }

        @Override
        public ImageSize size(int index, List<ImageSize> sizes) { return SizeBuckets.nearest(held.get(index).size(), sizes); }

        @Override
        public byte[] of(int index, ImageSize size) {
            int sample = held.get(index).index();
            try {
                return transform.centred(SourceScan.decoded(split.source(), sample, transform.decoding()), size).rgb();
            } catch (BadSample e) {
                throw new UserError("%s: held-out sample %s cannot be read any more: %s".formatted(split.source().place(),
                        split.source().key(sample), e.getMessage()), e);
            }
        }
    }
}
