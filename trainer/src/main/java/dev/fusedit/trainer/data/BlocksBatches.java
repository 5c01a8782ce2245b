package dev.fusedit.trainer.data;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Iterables;
import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.BlocksMix;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.data.image.ImageSize;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Batches of the built-in data: a function of the step alone. Each image and sentence has a position of its own over the whole run.
/// Without an end, the position is the sample's index, so no stage sees an image of another; with epochs, [SampleOrder] says which of the
/// samples comes.
///
/// @param seed of the drawing
/// @param mix how often each kind of caption comes
/// @param samples of an epoch; null for images without end
/// @param shuffledCaptions whether each image has another sample's caption instead of its own; the pairs are the same in all epochs
/// @param texts as the language model reads them
public record BlocksBatches(long seed, BlocksMix mix, @Nullable Integer samples, boolean shuffledCaptions, TextIds texts)
        implements SingleBatches {
    /// Images without end exchange their captions within so many.
    private static final long EXCHANGED = 1 << 20;

    public BlocksBatches {
        checkArgument(samples == null || samples > 1 || !shuffledCaptions, "one sample has no other one to exchange its caption with");
    }

    /// The same images' places with other kinds of captions.
    public BlocksBatches withMix(BlocksMix other) {
        return new BlocksBatches(seed, other, samples, shuffledCaptions, texts);
    }

    @Override
    public Sample sample(long position, ImageSize size) {
        long index = samples == null ? position : new SampleOrder(seed, samples).at(position);
        var sample = SampleFailure.named(index, () -> Blocks.sample(seed, index, Split.TRAIN, mix, size.width()));
        return new Sample(index, sample.rgb(), shuffledCaptions ? othersCaption(index) : sample.caption().text());
    }

    /// Squares alone.
    @Override
    public ImmutableList<SizedSamples> bySize(ImmutableList<ImageSize> sizes) {
        var size = Iterables.getOnlyElement(sizes);
        return ImmutableList.of(new SizedSamples(size, Objects.requireNonNull(samples), (place, _) -> sample(place, size)));
    }

    @Override
    public long ahead() { return 0; }

    @Override
    public String sentence(long position) { return BlocksText.sentence(seed, position); }

    @Override
    public ValidationSamples validation(long validationSeed, int count) {
        return ValidationSamples.ofBlocks(validationSeed, count, mix, texts);
    }

    private String othersCaption(long index) {
        long among = samples == null ? EXCHANGED : samples;
        long other = index - index % among + new SampleOrder(seed, among).other(index % among);
        return Blocks.caption(seed, other, Split.TRAIN, mix).text();
    }
}
