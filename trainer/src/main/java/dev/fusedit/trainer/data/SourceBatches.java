package dev.fusedit.trainer.data;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.source.BadSample;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.DataErrors;
import dev.fusedit.trainer.data.source.ImageTransform;
import dev.fusedit.trainer.data.source.SampleFacts;
import dev.fusedit.trainer.data.source.SizeBuckets;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.data.source.TrainingSplit;
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
public record SourceBatches(TrainingSplit split, CaptionRule captions, ImageTransform transform,
        ImmutableMap<ImmutableList<ImageSize>, SizeBuckets> buckets, DataErrors errors, long seed, TextIds texts) implements Batches {
    /// Sentences are captions in another order.
    private static final long SENTENCES = 1;

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
        var order = new BucketOrder(seed, Objects.requireNonNull(buckets.get(wanted.sizes())), split.source().block(), wanted.firstImage(),
                wanted.images());
        var turn = order.at(step);
        if (split.source().isFetched()) expect(order.at(step + window() / wanted.images()), wanted.images());
        return new Shown(turn.bucket().size(), i -> sample(turn.bucket().samples(), turn.at(i), position + i, turn.bucket().size()));
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

    private void expect(BucketOrder.Turn turn, int images) {
        for (int i = 0; i < images; i++) expect(turn.bucket().samples(), turn.at(i));
    }

    private Sample sample(int index, long position, ImageSize size) throws BadSample {
        var image = SourceScan.decoded(split.source(), index, transform.decoding());
        var caption = captions.of(split.source().texts(index), seed, position);
        return new Sample(index, transform.shown(image, size, seed, position).rgb(), caption);
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
