package dev.fusedit.trainer.pace;

import com.google.common.math.Quantiles;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;

/// The usual duration of something that happens again and again: the median of the last ones, so that a few slow ones do not count. What is
/// expected beforehand stands for some, until enough were seen.
final class Recent {
    static final int LAST = 64;
    /// Durations that the expected one stands for: more slow ones than this in a row are taken for the usual speed.
    static final int EXPECTED = 5;

    private final double expected;
    private final Deque<Double> last = new ArrayDeque<>();

    /// @param expected in seconds; NaN if nothing is
    Recent(double expected) { this.expected = expected; }

    void add(double seconds) {
        last.addLast(seconds);
        if (last.size() > LAST) {
            last.removeFirst();
        }
    }

    /// Seconds; NaN where nothing was seen and nothing expected.
    double usual() {
        var all = new ArrayList<>(last);
        if (last.size() < LAST && !Double.isNaN(expected)) {
            all.addAll(Collections.nCopies(EXPECTED, expected));
        }
        return all.isEmpty() ? Double.NaN : Quantiles.median().compute(all);
    }

    /// Of those that were seen alone; NaN before the first.
    double seen() { return last.isEmpty() ? Double.NaN : Quantiles.median().compute(last); }
}
