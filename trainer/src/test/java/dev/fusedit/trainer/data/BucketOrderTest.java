package dev.fusedit.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.data.image.ImageSize;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BucketOrderTest {
    private static final long NONE = 0;

    /// One source, with so many samples in each bucket.
    private static BucketOrder order(long seed, long firstImage, int batch, long... counts) {
        long all = Arrays.stream(counts).sum();
        return mixed(seed, firstImage, batch, List.of(new BucketOrder.Share(all, all)), Arrays.stream(counts).mapToObj(List::of).toList());
    }

    /// @param counts samples of each source in each bucket
    private static BucketOrder mixed(long seed, long firstImage, int batch, List<BucketOrder.Share> shares, List<List<Long>> counts) {
        return new BucketOrder(seed, ImmutableList.copyOf(shares), IntStream.range(0, counts.size())
                .mapToObj(k -> new BucketOrder.Bucket(new ImageSize(8 * k + 8, 64), ImmutableList.copyOf(counts.get(k))))
                .collect(ImmutableList.toImmutableList()), firstImage, batch);
    }

    private static int bucket(BucketOrder.Turn turn) { return turn.bucket().size().width() / 8 - 1; }

    /// Numbers of samples go on from bucket to bucket, and within one they come in turn.
    private static int[] samples(BucketOrder order, long step) {
        var turn = order.at(step);
        long before = order.buckets().subList(0, bucket(turn)).stream().mapToLong(bucket -> bucket.samples().getFirst()).sum();
        return IntStream.range(0, order.batch())
                .map(i -> (int) (before + turn.at(i).position() % turn.bucket().samples().getFirst())).toArray();
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
        var order = order(1, 0, 8, 100, 37, 8, 3);
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
    @ValueSource(ints = {1, 5, 40, 333, 1000})
    void aBatchIsOfOneBucketAndNoBatchComesTwice(int batch) {
        var order = order(9, 0, batch, 300, 41, 6, 1);
        var dealt = new int[4];
        var places = new ArrayList<Long>();
        for (long step = 0; step < 400; step++) {
            var turn = order.at(step);
            dealt[bucket(turn)]++;
            places.add(turn.first() * 4 + bucket(turn));
            assertThat(turn.first() % batch).isZero();
            assertThat(IntStream.range(0, batch).mapToLong(i -> turn.at(i).position()))
                    .containsExactlyElementsOf(LongStream.range(turn.first(), turn.first() + batch).boxed().toList());
        }
        assertThat(places).doesNotHaveDuplicates();
        double epochs = 400.0 * batch / 348;
        for (int k = 0; k < 4; k++) {
            double share = epochs * order.buckets().get(k).samples().getFirst() / batch;
            assertThat((double) dealt[k]).as("bucket %s", k).isBetween(share - 2 - 300.0 / batch, share + 2 + 300.0 / batch);
        }
    }

    @Test
    void aStepIsAFunctionOfSeedAndStep() {
        var order = order(1, 0, 4, 50, 20, 3);
        var far = samples(order, 1_000_000_007L);
        assertThat(samples(order(1, 0, 4, 50, 20, 3), 1_000_000_007L)).isEqualTo(far);
        assertThat(IntStream.range(0, 30).map(step -> bucket(order.at(step))).toArray()).as("another seed, another order")
                .isNotEqualTo(IntStream.range(0, 30).map(step -> bucket(order(2, 0, 4, 50, 20, 3).at(step))).toArray());
    }

    /// 300 images are 4 epochs and 8 samples of 73: 205, 82 and 12 of the buckets'.
    @Test
    void aLaterStageGoesOnInEachBucketsOrder() {
        var order = order(1, 300, 4, 50, 20, 3);
        var firsts = new long[] {Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE};
        for (long step = 0; step < 40; step++) {
            var turn = order.at(step);
            firsts[bucket(turn)] = Math.min(firsts[bucket(turn)], turn.at(0).position());
        }
        assertThat(firsts).containsExactly(205, 82, 12);
    }

    @Test
    void veryManyStepsOverVeryManySamplesAreCountedRight() {
        var order = order(1, 1_000_000_000_000L, 1 << 20, 100_000, 17, 1);
        var turn = order.at(999_999_999);
        assertThat(turn.first()).isPositive();
        assertThat(turn.at(0).position()).isGreaterThan(1_000_000_000_000L / 100_018 * turn.bucket().samples().getFirst());
    }

    /// An epoch has 12 images of a source with 18 samples, 6 of one with 4, and 2 of one whose 10 are in one bucket: 9, 4 and 7 of the buckets,
    /// so after 4 epochs, or 20 steps, no bucket has a rest.
    @Test
    void aMixturesWeightsHoldToTheImage() {
        var order = mixed(3, 0, 4, List.of(new BucketOrder.Share(12, 18), new BucketOrder.Share(6, 4), new BucketOrder.Share(2, 10)),
                List.of(List.of(9L, 2L, NONE), List.of(3L, NONE, 10L), List.of(6L, 2L, NONE)));
        for (long round = 0; round < 3; round++) {
            var places = places(order, 20 * round, 20 * (round + 1));
            assertThat(places.keySet()).containsExactly("0 0", "0 1", "1 0", "1 2", "2 0", "2 1");
            long first = round;
            Map.of("0 0", 24, "0 1", 12, "1 0", 8, "1 2", 8, "2 0", 16, "2 1", 12).forEach((of, count) -> assertThat(places.get(of)).as(of)
                    .containsExactlyElementsOf(LongStream.range(first * count, (first + 1) * count).boxed().toList()));
        }
        var orders = IntStream.range(0, 20).mapToObj(step -> IntStream.range(0, 4).map(i -> order.at(step).at(i).source()).boxed().toList())
                .distinct().toList();
        assertThat(orders).as("sources do not take turns").hasSizeGreaterThan(5);
    }

    /// Places in each source's order of each bucket, by both.
    private static TreeMap<String, TreeSet<Long>> places(BucketOrder order, long first, long end) {
        var places = new TreeMap<String, TreeSet<Long>>();
        for (long step = first; step < end; step++) {
            var turn = order.at(step);
            for (int i = 0; i < order.batch(); i++) {
                var place = turn.at(i);
                assertThat(places.computeIfAbsent(bucket(turn) + " " + place.source(), _ -> new TreeSet<>()).add(place.position()))
                        .as("never twice").isTrue();
            }
        }
        return places;
    }

    @Test
    void whateverTheNumbersNoPlaceComesTwiceOrIsLeftOut() {
        var order =
                mixed(7, 12_345, 9, List.of(new BucketOrder.Share(31, 113), new BucketOrder.Share(17, 5), new BucketOrder.Share(3, 1000)),
                        List.of(List.of(50L, 1L, 997L), List.of(62L, NONE, 3L), List.of(1L, 4L, NONE)));
        var places = places(order, 0, 600); // 5,400 images of 51 in an epoch
        var shown = new long[3];
        places.forEach((of, own) -> {
            assertThat(own.last() - own.first()).as("%s has few gaps: those of the batches to come", of).isLessThan(own.size() + 60L);
            shown[of.charAt(2) - '0'] += own.size();
        });
        for (int i = 0; i < 3; i++) {
            double share = 5400.0 * order.sources().get(i).images() / 51;
            assertThat((double) shown[i]).as("source %s", i).isBetween(share - 3 * 10, share + 3 * 10);
        }
        long before = 12_345 / 51 * 31 + 12_345 % 51 * 31 / 51;
        assertThat(places.get("0 0").first()).as("goes on at its share of the images before").isEqualTo(before * 50 / 113);
    }
}
