package dev.fusedit.trainer.data;

import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.BlocksMix;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.data.image.ImageSize;
import java.util.List;
import java.util.stream.IntStream;

/// Captioned images that no run trains on, and sentences.
///
/// @param captions of the images, one each
/// @param captionTokens their ids
/// @param sentenceTokens as many sentences, with their ends
public record ValidationSamples(Pixels pixels, List<String> captions, int[][] captionTokens, int[][] sentenceTokens) {
    /// The images themselves.
    @FunctionalInterface
    public interface Pixels {
        /// height × width × 3 bytes.
        byte[] of(int index, ImageSize size);

        /// The one of several sizes that an image is shown at.
        default ImageSize size(int index, List<ImageSize> sizes) { return sizes.getFirst(); }
    }

    public static ValidationSamples of(Pixels pixels, List<String> captions, List<String> sentences, TextIds texts) {
        return new ValidationSamples(pixels, captions, captions.stream().map(texts::caption).toArray(int[][]::new),
                sentences.stream().map(texts::sentence).toArray(int[][]::new));
    }

    /// Of the built-in data's split `SEEN`: new captions of pairs that training shows; and sentences that are drawn apart from those that the
    /// language model reads.
    static ValidationSamples ofBlocks(long seed, int count, BlocksMix mix, TextIds texts) {
        long apart = Seed.of(seed).derive("validation").value(); // no run's data has this seed, or only by a strange chance
        return of((index, size) -> Blocks.sample(seed, index, Split.SEEN, mix, size.width()).rgb(),
                IntStream.range(0, count).mapToObj(i -> Blocks.caption(seed, i, Split.SEEN, mix).text()).toList(),
                IntStream.range(0, count).mapToObj(i -> BlocksText.sentence(apart, i)).toList(), texts);
    }

    /// height × width × 3 bytes each, one after the other.
    public byte[] images(List<Integer> indices, ImageSize size) {
        int each = size.bytes();
        var bytes = new byte[indices.size() * each];
        for (int i = 0; i < indices.size(); i++) System.arraycopy(pixels.of(indices.get(i), size), 0, bytes, i * each, each);
        return bytes;
    }
}
