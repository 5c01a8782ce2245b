package dev.fusedit.trainer.plan;

import java.util.List;

/// A change of a recipe that makes it smaller.
///
/// @param what in words
/// @param settings as `--set` takes them
/// @param saved bytes
/// @param enough whether the recipe fits with it
public record Remedy(String what, List<String> settings, long saved, boolean enough) {
    @Override
    public String toString() {
        var set = String.join(" ",
                settings.stream().map(setting -> "--set " + (setting.contains(" ") ? "'" + setting + "'" : setting)).toList());
        return "%s: saves %,d MiB%s (%s)".formatted(what, saved >> 20, enough ? ", and that is enough" : "", set);
    }
}
