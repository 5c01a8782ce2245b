package dev.fusedit.trainer.data.blocks;

import java.util.Locale;

/// The six kinds of captions, GenEval's.
public enum Kind {
    SINGLE, TWO, COUNTING, COLORS, POSITION, ATTRIBUTION;

    /// As in `result.json`.
    public String key() { return name().toLowerCase(Locale.ROOT); }
}
