package dev.fusedit.trainer.data.blocks;

import java.util.Locale;

/// The six kinds of captions, GenEval's.
public enum Kind {
    SINGLE("a circle"), TWO("a circle and a cross"), COUNTING("three red squares"), COLORS("a red thing"),
    POSITION("a red circle above a blue square"), ATTRIBUTION("a red circle and a blue square");

    private final String example;

    Kind(String example) { this.example = example; }

    /// A caption of this kind, plainly worded.
    public String example() { return example; }

    /// As in `result.json`.
    public String key() { return name().toLowerCase(Locale.ROOT); }
}
