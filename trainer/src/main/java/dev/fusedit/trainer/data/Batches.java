package dev.fusedit.trainer.data;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Iterables;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.stored.StoredBatch;
import dev.fusedit.trainer.data.stored.StoredImage;
import java.util.ArrayList;
import java.util.function.IntFunction;

/// What a run trains on: a batch is a function of the step alone, so it does not matter who makes it, when, or what was made before. Any
/// number of threads may make batches at once.
public sealed interface Batches extends AutoCloseable permits SingleBatches, ReferenceBatches, MixedBatches, BlankBatches {
    /// The batch of a stage's step, counted from 0, or the slice of it that is wanted.
    default Batch of(long step, Wanted wanted) { return of(step, wanted, new PixelArrays()); }

    /// The same in an array that may have been another batch's.
    default Batch of(long step, Wanted wanted, PixelArrays arrays) {
        var slice = wanted.slice();
        var shown = shown(step, wanted);
        int first = slice.first(wanted.images()), count = slice.rows(wanted.images());
        byte[] images = {};
        var captions = new ArrayList<String>();
        var tokens = new int[count][];
        var keys = ImmutableList.<Long>builder();
        var stored = new ArrayList<StoredImage>();
        for (int i = 0; i < count; i++) {
            var sample = shown.samples().apply(first + i);
            int each = sample.rgb().length;
            if (i == 0 && each > 0) images = arrays.take(Math.multiplyExact(count, each));
            System.arraycopy(sample.rgb(), 0, images, i * each, each);
            boolean dropped = isDropped(wanted.position(step) + first + i, wanted.dropout());
            captions.add(dropped ? "" : sample.caption());
            tokens[i] = dropped ? dropped() : texts().caption(sample.caption());
            keys.add(sample.key());
            stored.add(sample.stored());
        }
        var sentences = new int[slice.rows(wanted.sentences())][];
        long firstSentence = wanted.firstSentence() + step * wanted.sentences() + slice.first(wanted.sentences());
        for (int i = 0; i < sentences.length; i++) sentences[i] = texts().sentence(sentence(firstSentence + i));
        return new Batch(images, shown.size(), captions, tokens, texts().tokenizer().instructionLength(), sentences, keys.build(),
                StoredBatch.of(stored, texts().states(tokens)), slice, wanted.images(), wanted.sentences(), Carried.NOTHING);
    }

    /// Which samples a step shows, and at which size.
    default Shown shown(long step, Wanted wanted) {
        return new Shown(wanted.size(), i -> sample(wanted.position(step) + i, wanted.size()));
    }

    /// The sample at a position of the run, where all have one size.
    Sample sample(long position, ImageSize size);

    /// Whether the caption at a position is dropped, for classifier-free guidance.
    ///
    /// @param share of captions that are
    default boolean isDropped(long position, double share) { return TextIds.isDropped(seed(), position, share); }

    /// The ids that stand for a dropped caption.
    default int[] dropped() { return texts().caption(""); }

    /// The sentence at a position of the run.
    String sentence(long position);

    /// Of what is left to chance.
    long seed();

    /// As the language model reads them.
    TextIds texts();

    /// The images of a step.
    ///
    /// @param size that all of them have
    /// @param samples made when they are asked for, each by its place in the batch
    record Shown(ImageSize size, IntFunction<Sample> samples) {}

    /// @param key which one it is, for messages
    /// @param rgb height × width × 3 bytes; none where all that is computed of them is stored
    record Sample(long key, byte[] rgb, String caption, StoredImage stored) {
        /// Of which all is computed.
        Sample(long key, byte[] rgb, String caption) { this(key, rgb, caption, StoredImage.NONE); }

        /// The same behind so many others.
        Sample after(long samples) { return new Sample(samples + key, rgb, caption, stored); }
    }

    /// So many images and sentences that no batch holds.
    ValidationSamples validation(long validationSeed, int count);

    /// Closes the files that it reads.
    @Override
    default void close() {}

    /// What a stage wants of each of its steps.
    ///
    /// @param firstImage position of the stage's first image
    /// @param images in a batch; 0 for none
    /// @param sizes that images may have, each once; a batch is of one of them
    /// @param firstSentence index of the stage's first sentence
    /// @param sentences in a batch; 0 for none
    /// @param dropout share of captions that are left out
    /// @param slice of each batch
    record Wanted(long firstImage, int images, ImmutableList<ImageSize> sizes, long firstSentence, int sentences, double dropout,
            BatchSlice slice) {
        public Wanted {
            checkArgument(!sizes.isEmpty(), "images have a size");
        }

        /// Whole batches.
        public Wanted(long firstImage, int images, ImmutableList<ImageSize> sizes, long firstSentence, int sentences, double dropout) {
            this(firstImage, images, sizes, firstSentence, sentences, dropout, BatchSlice.WHOLE);
        }

        /// Squares.
        public Wanted(long firstImage, int images, int side, long firstSentence, int sentences, double dropout) {
            this(firstImage, images, ImmutableList.of(ImageSize.square(side)), firstSentence, sentences, dropout);
        }

        /// Of a step's first image in the run.
        long position(long step) { return firstImage + step * images; }

        /// The size of all images, of data that has them in one.
        ImageSize size() { return Iterables.getOnlyElement(sizes); }
    }
}
