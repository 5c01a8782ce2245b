package dev.fusedit.trainer.recipe;

import com.google.common.collect.Range;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Whether the lengths of stages are those of others, scaled by one factor: [Stage#scaled] backwards.
///
/// Steps are rounded, so each of them tells a range in which the factor lies; there is a factor if all ranges have some of it in common.
final class Lengths {
    private static final Range<Double> ANY = Range.atLeast(0.0);
    private static final Range<Double> NONE = Range.closedOpen(-1.0, -1.0);
    private static final double ROUNDING = 1e-9;

    private Lengths() {}

    /// @param before as many, with the same names
    static boolean areScaled(List<Stage> before, List<Stage> scaled) {
        var factor = ANY;
        for (int i = 0; i < before.size(); i++) {
            var stage = before.get(i);
            var longer = scaled.get(i);
            boolean wholly = longer.steps() != null && longer.warmUp() >= longer.steps();
            var steps = factor(stage.steps(), longer.steps(), longer.steps() != null && longer.steps() == 1, false);
            var warmUp = factor(stage.warmUp(), longer.warmUp(), false, wholly);
            for (var range : List.of(steps, factor(stage.epochs(), longer.epochs()), warmUp)) {
                if (!factor.isConnected(range)) return false;
                factor = factor.intersection(range);
            }
        }
        return !factor.isEmpty();
    }

    /// @param least whether it could not be less
    /// @param most whether it could not be more
    private static Range<Double> factor(@Nullable Integer before, @Nullable Integer scaled, boolean least, boolean most) {
        if (before == null || scaled == null)
            return before == null && scaled == null ? ANY : NONE;
        if (before == 0)
            return scaled == 0 ? ANY : NONE;
        double low = least ? 0 : Math.max(0, (scaled - 0.5) / before);
        return most ? Range.atLeast(low) : Range.closed(low, (scaled + 0.5) / before);
    }

    private static Range<Double> factor(@Nullable Double before, @Nullable Double scaled) {
        if (before == null || scaled == null)
            return before == null && scaled == null ? ANY : NONE;
        double factor = scaled / before;
        return Range.closed(factor * (1 - ROUNDING), factor * (1 + ROUNDING));
    }
}
