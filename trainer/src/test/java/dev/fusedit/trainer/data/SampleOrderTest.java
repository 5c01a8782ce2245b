package dev.fusedit.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampleOrderTest {
    private static long[] epoch(SampleOrder order, long epoch) {
        return LongStream.range(epoch * order.samples(), (epoch + 1) * order.samples()).map(order::at).toArray();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 16, 17, 1000, 65_536, 65_537})
    void eachEpochHasEachSampleOnce(long samples) {
        var order = new SampleOrder(7, samples);
        for (long epoch : new long[] {0, 1, 12_345}) {
            assertThat(LongStream.of(epoch(order, epoch)).sorted().toArray()).isEqualTo(LongStream.range(0, samples).toArray());
        }
    }

    @Test
    void epochsAndSeedsHaveOrdersOfTheirOwn() {
        var order = new SampleOrder(7, 1000);
        assertThat(epoch(order, 0)).isNotEqualTo(LongStream.range(0, 1000).toArray()).isNotEqualTo(epoch(order, 1))
                .isNotEqualTo(epoch(new SampleOrder(8, 1000), 0)).isEqualTo(epoch(new SampleOrder(7, 1000), 0));
    }

    /// In a random order a sample is on average a third of the epoch away from where it was, and every place meets every sample.
    @Test
    void ordersLookRandom() {
        var order = new SampleOrder(1, 900);
        double moved = 0;
        var first = new long[900];
        for (int epoch = 0; epoch < 200; epoch++) {
            var now = epoch(order, epoch);
            for (int i = 0; i < now.length; i++) moved += Math.abs(now[i] - i) / 900.0 / 900 / 200;
            first[epoch] = now[0];
        }
        assertThat(moved).isBetween(0.32, 0.345);
        assertThat(Arrays.stream(first, 0, 200).distinct().count()).as("of 200 first ones").isGreaterThan(160);
    }

    @ParameterizedTest
    @ValueSource(longs = {2, 3, 10, 1000})
    void theOtherSampleIsNeverTheSameAndEachIsOneOnce(long samples) {
        var order = new SampleOrder(3, samples);
        var others = LongStream.range(0, samples).map(order::other).toArray();
        for (int i = 0; i < samples; i++) assertThat(others[i]).isNotEqualTo(i);
        assertThat(LongStream.of(others).sorted().toArray()).isEqualTo(LongStream.range(0, samples).toArray());
    }

    @Test
    void whatCannotBeIsRefused() {
        assertThatThrownBy(() -> new SampleOrder(1, 0)).hasMessageContaining("at least one");
        assertThatThrownBy(() -> new SampleOrder(1, 1).other(0)).hasMessageContaining("no other");
    }
}
