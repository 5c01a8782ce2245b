package dev.fusedit.trainer.data;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;

/// What a run trains on: a batch is a function of the step alone, so it does not matter who makes it, when, or what was made before. Any
/// number of threads may make batches at once.
public sealed interface Batches extends AutoCloseable permits BlocksBatches, SourceBatches, ReferenceBatches, MixedBatches, BlankBatches {
    /// The batch of a stage's step, counted from 0.
    default Batch of(long step, Wanted wanted) {
        int size = Math.multiplyExact(3 * wanted.side(), wanted.side());
        var images = new byte[Math.multiplyExact(wanted.images(), size)];
        var captions = new ArrayList<String>();
        var tokens = new int[wanted.images()][];
        var keys = ImmutableList.<Long>builder();
        for (int i = 0; i < wanted.images(); i++) {
            long position = wanted.firstImage() + step * wanted.images() + i;
            var sample = sample(position, wanted.side());
            System.arraycopy(sample.rgb(), 0, images, i * size, size);
            boolean dropped = isDropped(position, wanted.dropout());
            captions.add(dropped ? "" : sample.caption());
            tokens[i] = dropped ? dropped() : texts().caption(sample.caption());
            keys.add(sample.key());
        }
        var sentences = new int[wanted.sentences()][];
        for (int i = 0; i < sentences.length; i++) {
            sentences[i] = texts().sentence(sentence(wanted.firstSentence() + step * wanted.sentences() + i));
        }
        return new Batch(images, captions, tokens, texts().tokenizer().instructionLength(), sentences, keys.build());
    }

    /// The sample at a position of the run.
    Sample sample(long position, int side);

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

    /// @param key which one it is, for messages
    /// @param rgb side × side × 3 bytes
    record Sample(long key, byte[] rgb, String caption) {}

    /// So many images and sentences that no batch holds.
    ValidationSamples validation(long validationSeed, int count);

    /// Closes the files that it reads.
    @Override
    default void close() {}

    /// What a stage wants of each of its steps.
    ///
    /// @param firstImage position of the stage's first image
    /// @param images in a batch; 0 for none
    /// @param side of the images in pixels
    /// @param firstSentence index of the stage's first sentence
    /// @param sentences in a batch; 0 for none
    /// @param dropout share of captions that are left out
    record Wanted(long firstImage, int images, int side, long firstSentence, int sentences, double dropout) {}
}
