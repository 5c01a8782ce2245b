package dev.fusedit.trainer.data;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.source.BadSample;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.DataErrors;
import dev.fusedit.trainer.data.source.ImageTransform;
import dev.fusedit.trainer.data.source.SampleFacts;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.data.source.TrainingSplit;
import java.util.ArrayList;
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

    private record Made(int index, byte[] rgb, String caption) {}

    @Override
    public Batch of(long step, Wanted wanted) {
        int side = wanted.side(), size = 3 * side * side;
        var bytes = new byte[Math.multiplyExact(wanted.images(), size)];
        var captionTexts = new ArrayList<String>();
        var keys = ImmutableList.<Long>builder();
        for (int i = 0; i < wanted.images(); i++) {
            long position = wanted.firstImage() + step * wanted.images() + i;
            var made = made(position, side);
            System.arraycopy(made.rgb(), 0, bytes, i * size, size);
            captionTexts.add(TextIds.isDropped(seed, position, wanted.dropout()) ? "" : made.caption());
            keys.add((long) made.index());
        }
        var sentences = new int[wanted.sentences()][];
        for (int i = 0; i < sentences.length; i++) {
            sentences[i] = texts.sentence(sentence(wanted.firstSentence() + step * wanted.sentences() + i));
        }
        return new Batch(bytes, captionTexts, captionTexts.stream().map(texts::caption).toArray(int[][]::new),
                texts.tokenizer().instructionLength(), sentences, keys.build());
    }

    private BlockOrder order() { return new BlockOrder(seed, split.trained().size(), split.source().block()); }

    private Made made(long position, int side) {
        int count = split.trained().size(), first = (int) order().at(position);
        for (int tried = 0; tried < count; tried++) {
            var facts = split.trained().get((first + tried) % count);
            try {
                return made(facts.index(), position, side);
            } catch (BadSample e) {
                errors.add(e.of(split.source().key(facts.index())));
            }
        }
        throw new IllegalStateException(split.source().place() + ": no sample can be read any more");
    }

    private Made made(int index, long position, int side) throws BadSample {
        var image = SourceScan.decoded(split.source(), index, transform.decoding());
        var caption = captions.of(split.source().texts(index), seed, position);
        return new Made(index, transform.square(image, side, seed, position).rgb(), caption);
    }

    private String sentence(long position) {
        var order = new BlockOrder(seed + SENTENCES, split.trained().size(), split.source().block());
        return split.trained().get((int) order.at(position)).caption();
    }

    /// The held-out samples, the same ones for every seed: that decided before which are held out.
    @Override
    public ValidationSamples validation(long validationSeed, int count) {
        var held = split.held().subList(0, Math.min(count, split.held().size()));
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
