package dev.fusedit.trainer.data;

import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.BlocksMix;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.data.blocks.Split;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/// Captioned images that no run trains on, of the split `SEEN`: new captions of pairs that training shows. And sentences, drawn apart from
/// those that the language model reads.
///
/// @param captions of the images, one each
/// @param captionTokens their ids
/// @param sentenceTokens as many sentences, with their ends
public record ValidationSamples(long seed, BlocksMix mix, List<String> captions, int[][] captionTokens, int[][] sentenceTokens) {
    /// @param tokens of a text, at most as many as the model reads
    /// @param sentence tokens of a sentence, its end included
    public static ValidationSamples of(long seed, int count, BlocksMix mix, Function<String, int[]> tokens,
            Function<String, int[]> sentence) {
        long apart = Seed.of(seed).derive("validation").value(); // no run's data has this seed, or only by a strange chance
        var captions = IntStream.range(0, count).mapToObj(i -> Blocks.caption(seed, i, Split.SEEN, mix).text()).toList();
        return new ValidationSamples(seed, mix, captions, captions.stream().map(tokens).toArray(int[][]::new),
                IntStream.range(0, count).mapToObj(i -> sentence.apply(BlocksText.sentence(apart, i))).toArray(int[][]::new));
    }

    /// side × side × 3 bytes each, one after the other.
    public byte[] images(List<Integer> indices, int side) {
        var size = side * side * 3;
        var bytes = new byte[indices.size() * size];
        for (int i = 0; i < indices.size(); i++) {
            System.arraycopy(Blocks.sample(seed, indices.get(i), Split.SEEN, mix, side).rgb(), 0, bytes, i * size, size);
        }
        return bytes;
    }
}
