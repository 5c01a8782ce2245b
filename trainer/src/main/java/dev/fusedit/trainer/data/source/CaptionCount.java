package dev.fusedit.trainer.data.source;

import java.util.Map;

/// How many of the images that decode have a caption of one name.
///
/// @param written with something in it
/// @param blank nothing but blanks
/// @param missing not there
public record CaptionCount(int written, int blank, int missing) {
    static final CaptionCount NONE = new CaptionCount(0, 0, 0);

    /// Of one image's texts.
    static CaptionCount of(Map<String, String> texts, String name) {
        var all = TextLists.of(texts, name);
        if (all.isEmpty()) return new CaptionCount(0, 0, 1);
        return all.stream().allMatch(String::isBlank) ? new CaptionCount(0, 1, 0) : new CaptionCount(1, 0, 0);
    }

    CaptionCount and(CaptionCount other) {
        return new CaptionCount(written + other.written, blank + other.blank, missing + other.missing);
    }

    @Override
    public String toString() {
        return "%,d".formatted(written) + (blank > 0 ? ", %,d blank".formatted(blank) : "")
                + (missing > 0 ? ", %,d missing".formatted(missing) : "");
    }
}
