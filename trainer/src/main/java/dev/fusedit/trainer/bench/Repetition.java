package dev.fusedit.trainer.bench;

import java.util.Locale;

/// One repetition of a workload, as it ended.
///
/// @param name of the workload and what it was computed in, `train-s f32`
/// @param warmUp whether it does not count
/// @param number from 1
/// @param of so many that count, or that do not
public record Repetition(String name, boolean warmUp, int number, int of, double seconds) {
    /// The last of all.
    public boolean isLast() { return !warmUp && number == of; }

    /// `train-s f32 3/20  0.271 s`
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s %s%d/%d  %.3f s", name, warmUp ? "warm-up " : "", number, of, seconds);
    }
}
