package dev.fusedit.trainer.step;

import com.google.common.collect.ImmutableMap;
import java.util.Map;
import java.util.TreeMap;

/// Losses of a step as numbers.
///
/// @param total the weighted sum
/// @param each by name, not weighted
public record LossValues(double total, Map<String, Double> each) {
    public static final LossValues NONE = new LossValues(0, Map.of());

    public LossValues {
        each = ImmutableMap.copyOf(each);
    }

    /// Those of another part added.
    public LossValues plus(LossValues other) {
        var sums = new TreeMap<>(each);
        other.each.forEach((name, value) -> sums.merge(name, value, Double::sum));
        return new LossValues(total + other.total, sums);
    }

    public boolean isFinite() { return Double.isFinite(total); }
}
