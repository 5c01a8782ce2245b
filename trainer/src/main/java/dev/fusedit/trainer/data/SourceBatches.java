package dev.fusedit.trainer.data;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.source.BadSample;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.DataErrors;
import dev.fusedit.trainer.data.source.ImageTransform;
import dev.fusedit.trainer.data.source.SampleFacts;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.data.source.TrainingSplit;
import java.util.List;

/// Batches of a person's own images: which sample comes where is a function of seed and position, as [BlockOrder] says. Positions count
/// over the whole run, epoch after epoch.
///
/// A sample that cannot be read any more when its turn comes is written down, and the next one that can takes its place.
///
/// @param split which samples are trained on and which are held out
/// @param seed of order, crops, flips, and the choice among captions
/// @param texts as the language model reads them
public record SourceBatches(TrainingSplit split, CaptionRule captions, ImageTransform transform, DataErrors errors, long seed,
        TextIds texts)
        implements Batches {
    /// Sentences are captions in another order.
    private static final long SENTENCES = 1;

    private int at(long orderSeed, long position) {
        return (int) new BlockOrder(orderSeed, split.trained().size(), split.source().block()).at(position);
    }

    @Override
    public Sample sample(long position, int side) {
        int count = split.trained().size(), first = at(seed, position);
        if (split.source().isFetched()) expect(position);
        for (int tried = 0; tried < count; tried++) {
            var facts = split.trained().get((first + tried) % count);
            try {
                return sample(facts.index(), position, side);
            } catch (BadSample e) {
                errors.add(e.of(split.source().key(facts.index())));
            }
        }
        throw new IllegalStateException(split.source().place() + ": no sample can be read any more");
    }

    /// What comes a window later.
    private void expect(long position) {
        long window = new BlockOrder(seed, split.trained().size(), split.source().block()).window();
        split.source().expect(split.trained().get(at(seed, position + window)).index(), window);
    }

    private Sample sample(int index, long position, int side) throws BadSample {
        var image = SourceScan.decoded(split.source(), index, transform.decoding());
        var caption = captions.of(split.source().texts(index), seed, position);
        return new Sample(index, transform.square(image, side, seed, position).rgb(), caption);
    }

    @Override
    public String sentence(long position) { return split.trained().get(at(seed + SENTENCES, position)).caption(); }

    /// The held-out samples, the same ones for every seed: that decided before which are held out.
    @Override
    public ValidationSamples validation(long validationSeed, int count) {
        var held = split.held().subList(0, Math.min(count, split.held().size()));
        held.forEach(facts -> split.source().keep(facts.index()));
        List<String> theirs = held.stream().map(SampleFacts::caption).toList();
        return ValidationSamples.of((index, side) -> pixels(held.get(index), side), theirs, theirs, texts);
    }

    @Override
    public void close() { split.source().close(); }

    private byte[] pixels(SampleFacts facts, int side) {
        try {
            return transform.centred(SourceScan.decoded(split.source(), facts.index(), transform.decoding()), side).rgb();
        } catch (BadSample e) {
            throw new UserError("%s: held-out sample %s cannot be read any more: %s".formatted(split.source().place(),
                    split.source().key(facts.index()), e.getMessage()), e);
        }
    }
}
