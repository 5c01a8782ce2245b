package dev.fusedit.trainer.step;

import java.util.Locale;

/// What of a run each of several processes keeps a part of only. No result depends on it.
public enum Sharding {
    /// Nothing: each keeps all.
    NONE,
    /// What the optimizer remembers, and the moving average, by whole parameters (ZeRO-1).
    OPTIMIZER,
    /// That, and sums of gradients (ZeRO-2).
    GRADIENTS;

    /// As options list it.
    @Override
    public String toString() { return name().toLowerCase(Locale.ROOT); }
}
