package dev.fusedit.trainer.data;

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

/// Batches of the built-in data: a function of the step alone. Each picture and sentence has an index of its own over the whole run, so no stage
/// sees a picture of another.
///
/// @param seed of the drawing
/// @param mix how often each kind of caption comes
/// @param tokenizer of the language model
/// @param maxTokens longest text; longer ones are cut
public record BlocksBatches(long seed, BlocksMix mix, Tokenizer tokenizer, int maxTokens) {
    /// What the dice for dropped captions are for; a number that `Split` does not use.
    private static final long DROPPING = 101;

    /// What a stage wants of each of its steps.
    ///
    /// @param firstPicture index of the stage's first picture
    /// @param pictures in a batch; 0 for none
    /// @param firstSentence index of the stage's first sentence
    /// @param sentences in a batch; 0 for none
    /// @param dropout share of captions that are left out
    public record Wanted(long firstPicture, int pictures, long firstSentence, int sentences, double dropout) {}

    /// The same pictures' places with other kinds of captions.
    public BlocksBatches withMix(BlocksMix other) { return new BlocksBatches(seed, other, tokenizer, maxTokens); }

    /// The batch of a stage's step, counted from 0.
    public Batch of(long step, Wanted wanted) {
        var bytes = new byte[wanted.pictures() * Blocks.SIDE * Blocks.SIDE * 3];
        var captions = new ArrayList<String>();
        var keys = ImmutableList.<Long>builder();
        for (int i = 0; i < wanted.pictures(); i++) {
            long index = wanted.firstPicture() + step * wanted.pictures() + i;
            var sample = SampleFailure.named(index, () -> Blocks.sample(seed, index, Split.TRAIN, mix));
            System.arraycopy(sample.rgb(), 0, bytes, i * sample.rgb().length, sample.rgb().length);
            captions.add(isDropped(index, wanted.dropout()) ? "" : sample.caption().text());
            keys.add(index);
        }
        var sentences = new int[wanted.sentences()][];
        for (int i = 0; i < sentences.length; i++) {
            sentences[i] = sentence(BlocksText.sentence(seed, wanted.firstSentence() + step * wanted.sentences() + i));
        }
        return new Batch(bytes, captions, captions.stream().map(this::tokens).toArray(int[][]::new), sentences, keys.build());
    }

    /// So many pictures and sentences that no batch holds.
    public ValidationSamples validation(long validationSeed, int count) {
        return ValidationSamples.of(validationSeed, count, mix, this::tokens, this::sentence);
    }

    private boolean isDropped(long index, double share) { return new Dice(seed, DROPPING, index).below(1_000_000) < share * 1_000_000; }

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
