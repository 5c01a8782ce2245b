package dev.fusedit.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.image.PerceptualHash;
import dev.fusedit.trainer.data.source.SampleFacts;
import dev.fusedit.trainer.data.source.SizeBuckets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BucketOrderTest {
    /// So many samples in each bucket.
    private static SizeBuckets buckets(int... counts) {
        var buckets = new ArrayList<SizeBuckets.Bucket>();
        int first = 0;
        for (int count : counts) {
            int from = first;
            buckets.add(new SizeBuckets.Bucket(new ImageSize(8 * buckets.size() + 8, 64), IntStream.range(from, from + count)
                    .mapToObj(i -> new SampleFacts(i, 8, 64, "a", new PerceptualHash(0, 0, 0, 0)))
                    .collect(ImmutableList.toImmutableList())));
            first += count;
        }
        return new SizeBuckets(ImmutableList.copyOf(buckets));
    }

    private static int[] samples(BucketOrder order, long step) {
        var turn = order.at(step);
        return IntStream.range(0, order.batch()).map(i -> turn.bucket().samples().get(turn.at(i)).index()).toArray();
    }

    /// How often each sample was shown.
    private static int[] seen(BucketOrder order, long first, long end, int samples) {
        var seen = new int[samples];
        LongStream.range(first, end).forEach(step -> Arrays.stream(samples(order, step)).forEach(i -> seen[i]++));
        return seen;
    }

    private static void allSeen(int[] seen, int first, int end, int least, int most) {
        assertThat(Arrays.stream(seen, first, end)).as("from %s to %s: %s", first, end, Arrays.toString(seen))
                .allMatch(n -> n >= least && n <= most);
    }

    /// Of 100, 37, 8 and 3 samples in batches of 8, whatever an epoch is: 148 steps are 8 epochs, and no bucket has a rest then.
    @Test
    void everySampleIsSeenEquallyOften() {
        var order = new BucketOrder(1, buckets(100, 37, 8, 3), 1, 0, 8);
        assertThat(seen(order, 0, 148, 148)).containsOnly(8);
        assertThat(seen(order, 148, 296, 148)).containsOnly(8);
        for (long steps = 1; steps < 148; steps++) {
            var seen = seen(order, 0, steps, 148);
            int least = (int) (steps * 8 / 148) - 2, most = (int) (steps * 8 / 148) + 2; // the smallest bucket's batch is 2.7 epochs
            allSeen(seen, 0, 100, least, most);
            allSeen(seen, 100, 137, least, most);
            allSeen(seen, 137, 145, least, most);
            allSeen(seen, 145, 148, least - 1, most + 1);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "5, 256", "40, 16", "333, 1", "1000, 7"})
    void aBatchIsOfOneBucketAndNoBatchComesTwice(int batch, int block) {
        var buckets = buckets(300, 41, 6, 1);
        var order = new BucketOrder(9, buckets, block, 0, batch);
        var dealt = new int[4];
        var places = new ArrayList<Long>();
        for (long step = 0; step < 400; step++) {
            var turn = order.at(step);
            int k = buckets.buckets().indexOf(turn.bucket());
            dealt[k]++;
            places.add(turn.first() * 4 + k);
            assertThat(turn.first() % batch).isZero();
            assertThat(IntStream.range(0, batch).map(turn::at)).allMatch(i -> i >= 0 && i < turn.bucket().samples().size());
        }
        assertThat(places).doesNotHaveDuplicates();
        double epochs = 400.0 * batch / 348;
        for (int k = 0; k < 4; k++) {
            double share = epochs * buckets.buckets().get(k).samples().size() / batch;
            assertThat((double) dealt[k]).as("bucket %s", k).isBetween(share - 2 - 300.0 / batch, share + 2 + 300.0 / batch);
        }
    }

    @Test
    void aStepIsAFunctionOfSeedAndStep() {
        var buckets = buckets(50, 20, 3);
        var order = new BucketOrder(1, buckets, 1, 0, 4);
        var far = samples(order, 1_000_000_007L);
        assertThat(samples(new BucketOrder(1, buckets, 1, 0, 4), 1_000_000_007L)).isEqualTo(far);
        assertThat(IntStream.range(0, 30).mapToObj(step -> order.at(step).bucket().size()).toList())
                .as("another seed, another order")
                .isNotEqualTo(
                        IntStream.range(0, 30).mapToObj(step -> new BucketOrder(2, buckets, 1, 0, 4).at(step).bucket().size()).toList());
    }

    /// 300 images are 4 epochs and 8 samples of 73: 205, 82 and 12 of the buckets'.
    @Test
    void aLaterStageGoesOnInEachBucketsOrder() {
        var order = new BucketOrder(1, buckets(50, 20, 3), 1, 300, 4);
        var firsts = new long[] {Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE};
        for (long step = 0; step < 40; step++) {
            var turn = order.at(step);
            int k = order.buckets().buckets().indexOf(turn.bucket());
            firsts[k] = Math.min(firsts[k], turn.first());
        }
        assertThat(firsts).containsExactly(205, 82, 12);
    }

    @Test
    void veryManyStepsOverVeryManySamplesAreCountedRight() {
        var order = new BucketOrder(1, buckets(100_000, 17, 1), 256, 1_000_000_000_000L, 1 << 20);
        var turn = order.at(999_999_999);
        assertThat(turn.first()).isPositive();
        assertThat(turn.at(0)).isBetween(0, turn.bucket().samples().size() - 1);
    }
}
