package dev.fusedit.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.stage.cache.CacheFolder;

/// What a folder of caches holds, for `info`.
final class CacheInfo {
    private CacheInfo() {}

    static String of(CacheFolder folder, boolean json) {
        var contents = folder.contents();
        return json ? json(contents) : text(folder, contents);
    }

    private static String text(CacheFolder folder, ImmutableList<CacheFolder.Content> contents) {
        var text = new StringBuilder("%s: a cache of %d sets".formatted(folder.path(), contents.size()));
        for (var content : contents) {
            text.append("%n%s: %,d rows of %s, %s".formatted(content.name(), content.rows(), content.set().dtype(),
                    DataCacheCommand.size(content.bytes())));
            content.set().facts().forEach((fact, value) -> text.append("%n    %s: %s".formatted(fact, value)));
            content.broken().forEach(broken -> text.append("%n    broken: %s".formatted(broken.why())));
            content.unfinished().forEach(file -> text.append("%n    unfinished: %s".formatted(file)));
        }
        return text.toString();
    }

    private static String json(ImmutableList<CacheFolder.Content> contents) {
        var json = JsonNodeFactory.instance.objectNode().put("kind", "cache");
        var sets = json.putArray("sets");
        for (var content : contents) {
            var set = sets.addObject().put("set", content.name()).put("kind", content.set().kind().word())
                    .put("dtype", content.set().dtype().toString()).put("rows", content.rows()).put("bytes", content.bytes())
                    .put("broken", content.broken().size()).put("unfinished", content.unfinished().size());
            var facts = set.putObject("facts");
            content.set().facts().forEach(facts::put);
        }
        return json.toString();
    }
}
