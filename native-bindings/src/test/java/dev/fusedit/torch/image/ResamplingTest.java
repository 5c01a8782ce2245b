package dev.fusedit.torch.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("numeric")
class ResamplingTest {
    private static final int SHIFT = 22;

    private final Random random = new Random(5);

    /// From a few samples to a few, by one weight to many, some below 0: against sums in `long`.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void everyBitIsThatOfTheSum(int channels) {
        for (int trial = 0; trial < 200; trial++) {
            int from = 1 + random.nextInt(70), to = 1 + random.nextInt(40), rows = 1 + random.nextInt(40);
            var first = new int[to];
            var weights = new int[to][];
            for (int i = 0; i < to; i++) {
                first[i] = random.nextInt(from);
                weights[i] = random.ints(1 + random.nextInt(from - first[i]), -(1 << 17), 1 << 18).toArray();
            }
            var resampling = new Resampling(from, first, weights, SHIFT);
            var samples = samples(rows * from * channels);
            var along = resampling.along(samples, channels);
            for (int i = 0; i < along.length; i++) {
                int x = i / channels % to, begin = (i / channels / to * from + first[x]) * channels + i % channels;
                assertThat(along[i]).isEqualTo(sum(samples, begin, channels, weights[x]));
            }
            var down = resampling.down(samples, rows * channels);
            for (int i = 0; i < down.length; i++) {
                int y = i / (rows * channels);
                assertThat(down[i])
                        .isEqualTo(sum(samples, first[y] * rows * channels + i % (rows * channels), rows * channels, weights[y]));
            }
        }
    }

    @Test
    void everyBitOfAMixtureIsThatOfTheSum() {
        for (int trial = 0; trial < 200; trial++) {
            var weights = random.ints(3, -(1 << 18), 1 << 20).toArray();
            var rgb = samples(3 * random.nextInt(100));
            var mixed = new Mixing(weights[0], weights[1], weights[2], SHIFT).of(rgb);
            assertThat(mixed).hasSize(rgb.length / 3);
            for (int i = 0; i < mixed.length; i++) assertThat(mixed[i]).isEqualTo(sum(rgb, 3 * i, 1, weights));
        }
    }

    private byte[] samples(int count) {
        var samples = new byte[count];
        random.nextBytes(samples);
        return samples;
    }

    private static byte sum(byte[] samples, int begin, int stride, int[] weights) {
        long sum = 0;
        for (int k = 0; k < weights.length; k++) sum += (samples[begin + k * stride] & 255L) * weights[k];
        return (byte) Math.clamp(sum + (1 << SHIFT - 1) >> SHIFT, 0, 255);
    }

    @Test
    void whatIsNotThereIsNotTaken() {
        assertThatThrownBy(() -> new Resampling(3, new int[] {2}, new int[][] {{1, 1}}, SHIFT))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Resampling(3, new int[] {2}, new int[][] {{1}}, SHIFT).along(new byte[4], 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
