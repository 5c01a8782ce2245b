package dev.fusedit.trainer.data.prepare;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/// Rows by what became of them.
///
/// @param counts by `success` and the words of causes
public record Tally(Map<String, Long> counts) {
    static final String SUCCESS = "success";

    static Tally of(Collection<Decision> decisions) {
        var counts = new TreeMap<String, Long>();
        for (var decision : decisions) {
            var word = switch (decision) {
                case Decision.Kept _ -> SUCCESS;
                case Decision.LeftOut left -> left.cause();
            };
            counts.merge(word, 1L, Long::sum);
        }
        return new Tally(counts);
    }

    public static Tally none() { return new Tally(Map.of()); }

    public Tally plus(Tally other) {
        var sum = new TreeMap<>(counts);
        other.counts.forEach((word, count) -> sum.merge(word, count, Long::sum));
        return new Tally(sum);
    }

    public long rows() { return counts.values().stream().mapToLong(Long::longValue).sum(); }

    /// Samples.
    public long ok() { return counts.getOrDefault(SUCCESS, 0L); }

    /// Without the samples.
    public Map<String, Long> causes() {
        var causes = new TreeMap<>(counts);
        causes.remove(SUCCESS);
        return causes;
    }
}
