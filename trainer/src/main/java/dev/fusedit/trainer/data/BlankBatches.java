package dev.fusedit.trainer.data;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;

/// Grey images with captions as long as the model reads: for times of data that is not at hand, which do not depend on what it shows.
///
/// @param texts as the language model reads them
public record BlankBatches(TextIds texts) implements Batches {
    private static final byte GREY = 127;

    /// As long as the language model reads, or a little longer.
    public String caption() { return "a ".repeat(texts.maxTokens()).strip(); }

    @Override
    public Batch of(long step, Wanted wanted) {
        var images = new byte[3 * wanted.images() * wanted.side() * wanted.side()];
        Arrays.fill(images, GREY);
        var captions = Collections.nCopies(wanted.images(), caption());
        var sentences = new int[wanted.sentences()][];
        Arrays.setAll(sentences, _ -> texts.sentence(caption()));
        return new Batch(images, captions, captions.stream().map(texts::caption).toArray(int[][]::new),
                texts.tokenizer().instructionLength(),
                sentences, LongStream.range(0, wanted.images()).boxed().toList());
    }

    @Override
    public ValidationSamples validation(long validationSeed, int count) {
        List<String> captions = Collections.nCopies(count, caption());
        return ValidationSamples.of((_, side) -> new byte[3 * side * side], captions, captions, texts);
    }
}
