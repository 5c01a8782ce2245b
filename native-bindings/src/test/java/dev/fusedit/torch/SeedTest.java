package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SeedTest {
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 7, -1, 1L << 32, Long.MIN_VALUE, Long.MAX_VALUE})
    void eachOfManyThingsHasASeedOfItsOwn(long value) {
        var seed = Seed.of(value);
        assertThat(seed.leading("picture", 0)).isEqualTo(seed);
        for (long number : new long[] {1, 2, 1000, -5, Integer.MAX_VALUE}) {
            var own = seed.leading("picture", number);
            assertThat(own).isNotEqualTo(seed);
            assertThat(own.derive("picture", 0)).isEqualTo(seed.derive("picture", number));
        }
    }
}
