package dev.fusedit.trainer.data;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/// Grey images with captions as long as the model reads: for times of data that is not at hand, which do not depend on what it shows.
///
/// @param texts as the language model reads them
public record BlankBatches(TextIds texts) implements Batches {
    private static final byte GREY = 127;

    /// As long as the language model reads, or a little longer.
    public String caption() { return "a ".repeat(texts.maxTokens()).strip(); }

    @Override
    public Sample sample(long position, int side) {
        var grey = new byte[3 * side * side];
        Arrays.fill(grey, GREY);
        return new Sample(position, grey, caption());
    }

    @Override
    public String sentence(long position) { return caption(); }

    @Override
    public long seed() { return 0; }

    @Override
    public ValidationSamples validation(long validationSeed, int count) {
        List<String> captions = Collections.nCopies(count, caption());
        return ValidationSamples.of((_, side) -> new byte[3 * side * side], captions, captions, texts);
    }
}
