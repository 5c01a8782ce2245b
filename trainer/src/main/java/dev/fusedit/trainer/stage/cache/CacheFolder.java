package dev.fusedit.trainer.stage.cache;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Maps;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.data.stored.RowStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A folder of caches: a folder for each [CacheSet], and a file of locks.
public record CacheFolder(Path path) {
    /// A set and what lies in its folder.
    ///
    /// @param broken files that cannot be used, each with the reason
    /// @param unfinished files that were being written, and perhaps still are
    public record Content(CacheSet set, String name, int rows, long bytes, List<RowStore.Broken> broken, List<Path> unfinished) {
        static Content of(CacheSet set, Path cache) {
            var store = RowStore.open(set.in(cache));
            return new Content(set, set.name(), store.size(), store.bytes(), store.broken(), store.unfinished());
        }
    }

    /// Whether something is kept there.
    ///
    /// @throws dev.fusedit.torch.UserError if it cannot be read
    public static boolean is(Path path) { return !CacheSet.all(path).isEmpty(); }

    /// All that is kept, by the names of the sets.
    ///
    /// @throws dev.fusedit.torch.UserError if it cannot be read
    public ImmutableList<Content> contents() {
        return CacheSet.all(path).stream().map(set -> Content.of(set, path)).collect(ImmutableList.toImmutableList());
    }

    /// Those that are not of these sets.
    List<Content> others(Set<CacheSet> sets) { return contents().stream().filter(content -> !sets.contains(content.set())).toList(); }

    /// How sets of the same kind that are there differ from one that is not: `; latents-12ab… there has another encoder`.
    String differences(CacheSet wanted) {
        return CacheSet.all(path).stream().filter(set -> set.kind() == wanted.kind() && !set.equals(wanted))
                .map(set -> "; %s there has another %s".formatted(set.name(), difference(set, wanted))).limit(2)
                .collect(Collectors.joining());
    }

    private static String difference(CacheSet set, CacheSet wanted) {
        var facts = Maps.difference(set.facts(), wanted.facts()).entriesDiffering().keySet().stream();
        var all = Stream.concat(facts, set.dtype() == wanted.dtype() ? Stream.of() : Stream.of("dtype"));
        return all.collect(Collectors.joining(", "));
    }

    /// Deletes all of a set.
    void delete(CacheSet set) {
        try {
            MoreFiles.deleteRecursively(set.in(path), RecursiveDeleteOption.ALLOW_INSECURE);
        } catch (IOException e) {
            throw WriteFailure.of(set.in(path), e);
        }
    }
}
