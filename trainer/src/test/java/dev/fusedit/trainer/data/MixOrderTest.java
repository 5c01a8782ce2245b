package dev.fusedit.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class MixOrderTest {
    @Test
    void sharesAddUpAndAreTheNearest() {
        assertThat(MixOrder.shares(10, List.of(1.0, 1.0, 1.0))).containsExactly(4L, 3L, 3L);
        assertThat(MixOrder.shares(100, List.of(3.0, 1.0))).containsExactly(75L, 25L);
        assertThat(MixOrder.shares(7, List.of(0.7, 0.2, 0.1))).containsExactly(5L, 1L, 1L);
        assertThat(MixOrder.shares(0, List.of(1.0, 2.0))).containsExactly(0L, 0L);
        assertThat(MixOrder.shares(5, List.of(1e-9, 1.0))).containsExactly(0L, 5L);
    }

    @Test
    void anEpochHasEachPlaceOfEachSourceOnce() {
        for (var counts : List.of(List.of(750L, 250L), List.of(1L, 999L), List.of(333L, 333L, 334L), List.of(7L, 0L, 1L, 500L, 61L),
                List.of(5L))) {
            var order = new MixOrder(3, ImmutableList.copyOf(counts));
            for (long epoch = 0; epoch < 3; epoch++) {
                var seen = new ArrayList<HashSet<Long>>();
                counts.forEach(_ -> seen.add(new HashSet<>()));
                for (long i = 0; i < order.samples(); i++) {
                    var place = order.at(epoch * order.samples() + i);
                    assertThat(seen.get(place.source()).add(place.position())).isTrue();
                    assertThat(place.position() / counts.get(place.source())).as("epoch of the source").isEqualTo(epoch);
                }
                for (int s = 0; s < counts.size(); s++) assertThat(seen.get(s)).hasSize(counts.get(s).intValue());
            }
        }
    }

    @Test
    void sourcesComeEvenlySpreadAndSourcesAreReadForwards() {
        var order = new MixOrder(1, ImmutableList.of(6000L, 3000L, 1000L));
        int[] found = new int[3];
        for (int i = 0; i < 10_000; i++) {
            var place = order.at(i);
            assertThat(place.position()).as("within a window").isCloseTo((long) found[place.source()], within(64L));
            found[place.source()]++;
            if (i % 640 == 639) assertThat(found[0]).isCloseTo((i + 1) * 6 / 10, within(2));
        }
        assertThat(found).containsExactly(6000, 3000, 1000);
    }

    @Test
    void anotherSeedIsAnotherOrder() {
        var counts = ImmutableList.of(50L, 50L);
        var same = new ArrayList<MixOrder.Place>();
        var other = new ArrayList<MixOrder.Place>();
        for (int i = 0; i < 100; i++) {
            same.add(new MixOrder(1, counts).at(i));
            other.add(new MixOrder(2, counts).at(i));
        }
        assertThat(other).isNotEqualTo(same);
        assertThatThrownBy(() -> new MixOrder(1, ImmutableList.of(0L))).isInstanceOf(IllegalArgumentException.class);
    }
}
