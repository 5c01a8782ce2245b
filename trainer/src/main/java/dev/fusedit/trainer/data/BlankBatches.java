package dev.fusedit.trainer.data;

import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.stored.StoredImages;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/// Grey images with captions as long as the model reads: for times of data that is not at hand, which do not depend on what it shows.
///
/// @param texts as the language model reads them
/// @param stored what need not be computed of the images
public record BlankBatches(TextIds texts, StoredImages stored) implements Batches {
    private static final byte GREY = 127;

    /// Of which all is computed.
    public BlankBatches(TextIds texts) { this(texts, StoredImages.NONE); }

    /// As long as the language model reads, or a little longer.
    public String caption() { return "a ".repeat(texts.maxTokens()).strip(); }

    /// Where there are several sizes, one after the other.
    @Override
    public Shown shown(long step, Wanted wanted) {
        var size = wanted.sizes().get((int) (step % wanted.sizes().size()));
        return new Shown(size, i -> sample(wanted.position(step) + i, size));
    }

    @Override
    public Sample sample(long position, ImageSize size) {
        return new Sample(position, grey(size), caption(), stored.of((int) position, size, false));
    }

    private byte[] grey(ImageSize size) {
        var grey = new byte[stored.arePixelsWanted() ? size.bytes() : 0];
        Arrays.fill(grey, GREY);
        return grey;
    }

    @Override
    public String sentence(long position) { return caption(); }

    @Override
    public long seed() { return 0; }

    @Override
    public ValidationSamples validation(long validationSeed, int count) {
        List<String> captions = Collections.nCopies(count, caption());
        return ValidationSamples.of((_, size) -> new byte[size.bytes()], captions, captions, texts);
    }
}
