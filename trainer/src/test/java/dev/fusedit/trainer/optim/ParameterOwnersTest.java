package dev.fusedit.trainer.optim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ParameterOwnersTest {
    private static long owned(Map<String, Long> counts, int rank, String part) {
        var owners = ParameterOwners.balanced(counts, name -> name.startsWith(part), 3, rank);
        return counts.entrySet().stream().filter(parameter -> parameter.getKey().startsWith(part) && owners.has(parameter.getKey()))
                .mapToLong(Map.Entry::getValue).sum();
    }

    @Test
    void eachKindIsBalancedByItself() {
        var counts = new LinkedHashMap<String, Long>();
        LongStream.of(60, 50, 40, 30, 20, 10, 3).forEach(count -> counts.put("dit." + count, count));
        LongStream.of(9, 8, 7).forEach(count -> counts.put("llm." + count, count));
        assertThat(IntStream.range(0, 3).mapToObj(rank -> owned(counts, rank, "dit"))).containsExactlyInAnyOrder(73L, 70L, 70L);
        assertThat(IntStream.range(0, 3).mapToObj(rank -> owned(counts, rank, "llm"))).containsExactly(9L, 8L, 7L);
    }

    @Test
    void withoutSharesAllIsOnesOwn() { assertThat(ParameterOwners.ALL.has("any")).isTrue(); }
}
