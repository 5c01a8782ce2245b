package dev.fusedit.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlockOrderTest {
    @ParameterizedTest
    @CsvSource({"1, 1", "7, 1", "1000, 1", "1, 256", "255, 256", "256, 256", "257, 256", "10000, 256", "4096, 256", "5000, 3"})
    void eachEpochHasEachSampleOnce(int samples, int block) {
        var order = new BlockOrder(3, samples, block);
        for (int epoch = 0; epoch < 3; epoch++) {
            var seen = LongStream.range((long) epoch * samples, (epoch + 1L) * samples).map(order::at).sorted().toArray();
            assertThat(seen).isEqualTo(LongStream.range(0, samples).toArray());
        }
    }

    @ParameterizedTest
    @CsvSource({"100000, 256"})
    void neighboursStayWithinAFewBlocks(int samples, int block) {
        var order = new BlockOrder(3, samples, block);
        long blocks = LongStream.range(0, 4096).map(order::at).map(sample -> sample / block).distinct().count();
        assertThat(blocks).isEqualTo(16);
        assertThat(LongStream.range(0, samples).map(order::at).toArray()).as("another order in the next epoch")
                .isNotEqualTo(LongStream.range(samples, 2L * samples).map(order::at).toArray());
    }
}
