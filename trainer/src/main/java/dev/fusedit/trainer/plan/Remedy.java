package dev.fusedit.trainer.plan;

import dev.fusedit.trainer.log.ShellWords;
import java.util.List;
import java.util.stream.Stream;

/// A change of a recipe that makes it smaller.
///
/// @param what in words
/// @param settings as `--set` takes them
/// @param saved bytes
/// @param enough whether the recipe fits with it
public record Remedy(String what, List<String> settings, long saved, boolean enough) {
    @Override
    public String toString() {
        var set = ShellWords.joined(settings.stream().flatMap(setting -> Stream.of("--set", setting)).toList());
        return "%s: saves %,d MiB%s (%s)".formatted(what, saved >> 20, enough ? ", and that is enough" : "", set);
    }
}
