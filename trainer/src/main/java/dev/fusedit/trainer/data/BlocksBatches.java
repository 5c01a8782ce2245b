package dev.fusedit.trainer.data;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.BlocksMix;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.data.blocks.Dice;
import dev.fusedit.trainer.data.blocks.Split;
import java.util.ArrayList;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Batches of the built-in data: a function of the step alone. Each image and sentence has a position of its own over the whole run.
/// Without an end, the position is the sample's index, so no stage sees an image of another; with epochs, [SampleOrder] says which of the
/// samples comes.
///
/// Whether a caption is dropped goes by the position, so that a sample is not without caption in every epoch.
///
/// @param seed of the drawing
/// @param mix how often each kind of caption comes
/// @param samples of an epoch; null for images without end
/// @param shuffledCaptions whether each image has another sample's caption instead of its own; the pairs are the same in all epochs
/// @param tokenizer of the language model
/// @param maxTokens longest text; longer ones are cut
public record BlocksBatches(long seed, BlocksMix mix, @Nullable Integer samples, boolean shuffledCaptions, Tokenizer tokenizer,
        int maxTokens) {
    /// What the dice for dropped captions are for; a number that `Split` does not use.
    private static final long DROPPING = 101;
    /// Images without end exchange their captions within so many.
    private static final long EXCHANGED = 1 << 20;

    public BlocksBatches {
        checkArgument(samples == null || samples > 1 || !shuffledCaptions, "one sample has no other one to exchange its caption with");
    }

    /// What a stage wants of each of its steps.
    ///
    /// @param firstImage position of the stage's first image
    /// @param images in a batch; 0 for none
    /// @param side of the images in pixels, a multiple of 32
    /// @param firstSentence index of the stage's first sentence
    /// @param sentences in a batch; 0 for none
    /// @param dropout share of captions that are left out
    public record Wanted(long firstImage, int images, int side, long firstSentence, int sentences, double dropout) {}

    /// The same images' places with other kinds of captions.
    public BlocksBatches withMix(BlocksMix other) {
        return new BlocksBatches(seed, other, samples, shuffledCaptions, tokenizer, maxTokens);
    }

    /// The batch of a stage's step, counted from 0.
    public Batch of(long step, Wanted wanted) {
        var bytes = new byte[wanted.images() * wanted.side() * wanted.side() * 3];
        var captions = new ArrayList<String>();
        var keys = ImmutableList.<Long>builder();
        for (int i = 0; i < wanted.images(); i++) {
            long position = wanted.firstImage() + step * wanted.images() + i;
            long index = samples == null ? position : new SampleOrder(seed, samples).at(position);
            var sample = SampleFailure.named(index, () -> Blocks.sample(seed, index, Split.TRAIN, mix, wanted.side()));
            System.arraycopy(sample.rgb(), 0, bytes, i * sample.rgb().length, sample.rgb().length);
            captions.add(isDropped(position, wanted.dropout()) ? "" : shuffledCaptions ? othersCaption(index) : sample.caption().text());
            keys.add(index);
        }
        var sentences = new int[wanted.sentences()][];
        for (int i = 0; i < sentences.length; i++) {
            sentences[i] = sentence(BlocksText.sentence(seed, wanted.firstSentence() + step * wanted.sentences() + i));
        }
        return new Batch(bytes, captions, captions.stream().map(this::tokens).toArray(int[][]::new), tokenizer.instructionLength(),
                sentences,
                keys.build());
    }

    /// So many images and sentences that no batch holds.
    public ValidationSamples validation(long validationSeed, int count) {
        return ValidationSamples.of(validationSeed, count, mix, this::tokens, this::sentence);
    }

    private String othersCaption(long index) {
        long among = samples == null ? EXCHANGED : samples;
        long other = index - index % among + new SampleOrder(seed, among).other(index % among);
        return Blocks.caption(seed, other, Split.TRAIN, mix).text();
    }

    private boolean isDropped(long position, double share) {
        return new Dice(seed, DROPPING, position).below(1_000_000) < share * 1_000_000;
    }

    /// Where a sentence ends is part of what a language model of one's own learns. A published one knows it, and reads no instruction here.
    private int[] sentence(String text) {
        if (tokenizer instanceof PretrainedTokenizer pretrained) {
            return pretrained.subwords().encode(text, maxTokens);
        }
        var tokens = tokens(text);
        var result = Arrays.copyOf(tokens, tokens.length + 1);
        result[tokens.length] = WordTokenizer.EOS;
        return result;
    }

    private int[] tokens(String text) { return tokenizer.encode(text, maxTokens); }
}
