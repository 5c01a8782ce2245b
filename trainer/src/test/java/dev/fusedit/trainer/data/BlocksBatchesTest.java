package dev.fusedit.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.Bytes;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.BlocksMix;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.data.image.ImageSize;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BlocksBatchesTest {
    private static BlocksBatches data(@Nullable Integer samples, boolean shuffled) {
        return new BlocksBatches(1, BlocksMix.DEFAULT, samples, shuffled, new TextIds(WordTokenizer.of(BlocksText.words()), 24));
    }

    private static Batches.Wanted images(int batch, int side) { return new Batches.Wanted(0, batch, side, 0, 0, 0); }

    private static List<Long> keys(BlocksBatches data, long from, long to) {
        var keys = new ArrayList<Long>();
        for (long step = from; step < to; step++) keys.addAll(data.of(step, images(10, 32)).keys());
        return keys;
    }

    private static byte[] image(Batch batch, int index, int side) {
        return Arrays.copyOfRange(batch.images(), index * side * side * 3, (index + 1) * side * side * 3);
    }

    @Test
    void withoutEndNoImageComesTwice() {
        assertThat(keys(data(null, false), 0, 5)).startsWith(0L, 1L, 2L).doesNotHaveDuplicates();
    }

    @Test
    void epochsShowTheSameSamplesInAnotherOrder() {
        var data = data(50, false);
        var first = keys(data, 0, 5);
        var second = keys(data, 5, 10);
        assertThat(new HashSet<>(first)).hasSize(50).isEqualTo(new HashSet<>(second));
        assertThat(first).isNotEqualTo(second);
        var step = data.of(7, images(10, 32));
        assertThat(image(step, 3, 32)).isEqualTo(Blocks.sample(1, step.keys().get(3), Split.TRAIN).rgb());
        assertThat(step.captions().get(3)).isEqualTo(Blocks.sample(1, step.keys().get(3), Split.TRAIN).caption().text());
    }

    /// A batch split otherwise has the same images in the same order.
    @Test
    void theOrderDoesNotDependOnTheBatch() {
        var data = data(50, false);
        var large = data.of(0, images(40, 32));
        var small = data.of(3, images(10, 32));
        assertThat(small.keys()).isEqualTo(large.keys().subList(30, 40));
    }

    @Test
    void slicesMakeTheBatch() {
        var data = data(50, false);
        var whole = data.of(3, new Batches.Wanted(0, 10, ImmutableList.of(ImageSize.square(32)), 7, 5, 0.3));
        var slices = IntStream.range(0, 3).mapToObj(i -> data.of(3,
                new Batches.Wanted(0, 10, ImmutableList.of(ImageSize.square(32)), 7, 5, 0.3, new BatchSlice(i, 3)))).toList();
        assertThat(slices.stream().map(slice -> slice.keys().size())).containsExactly(3, 3, 4);
        assertThat(slices.stream().flatMap(slice -> slice.keys().stream())).isEqualTo(whole.keys());
        assertThat(slices.stream().flatMap(slice -> slice.captions().stream())).isEqualTo(whole.captions());
        assertThat(Bytes.concat(slices.get(0).images(), slices.get(1).images(), slices.get(2).images())).isEqualTo(whole.images());
        assertThat(slices.stream().flatMap(slice -> Stream.of(slice.sentenceTokens()))).containsExactly(whole.sentenceTokens());
        assertThat(slices).allMatch(slice -> slice.allImages() == 10 && slice.allSentences() == 5);
    }

    @Test
    void aSampleIsNotDroppedInEveryEpoch() {
        var data = data(50, false);
        var wanted = new Batches.Wanted(0, 50, 32, 0, 0, 0.5);
        var dropped = new ArrayList<HashSet<Long>>();
        for (int epoch = 0; epoch < 2; epoch++) {
            var batch = data.of(epoch, wanted);
            var without = new HashSet<Long>();
            for (int i = 0; i < 50; i++) if (batch.captions().get(i).isEmpty()) without.add(batch.keys().get(i));
            dropped.add(without);
        }
        assertThat(dropped.get(0)).hasSizeBetween(12, 38).isNotEqualTo(dropped.get(1));
    }

    @Test
    void largerImagesShowTheSameScenes() {
        var small = data(null, false).of(2, images(4, 32));
        var large = data(null, false).of(2, images(4, 64));
        assertThat(large.captions()).isEqualTo(small.captions());
        assertThat(image(large, 1, 64)).isEqualTo(Blocks.sample(1, 9, Split.TRAIN, BlocksMix.DEFAULT, 64).rgb());
    }

    @Test
    void shuffledCaptionsAreThoseOfOtherImages() {
        for (Integer samples : new Integer[] {null, 40}) {
            var own = data(samples, false).of(0, images(40, 32));
            var shuffled = data(samples, true).of(0, images(40, 32));
            assertThat(shuffled.images()).isEqualTo(own.images());
            int same = 0;
            for (int i = 0; i < 40; i++) if (own.captions().get(i).equals(shuffled.captions().get(i))) same++;
            assertThat(same).as("images whose other one has the same caption").isLessThan(4);
            if (samples != null) assertThat(shuffled.captions()).containsExactlyInAnyOrderElementsOf(own.captions());
        }
        var data = data(40, true);
        var pairs = new HashSet<String>();
        for (int epoch = 0; epoch < 3; epoch++) {
            var batch = data.of(epoch, images(40, 32));
            for (int i = 0; i < 40; i++) pairs.add(batch.keys().get(i) + " " + batch.captions().get(i));
        }
        assertThat(pairs).as("the same in all epochs").hasSize(40);
    }
}
