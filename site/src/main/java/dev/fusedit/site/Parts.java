package dev.fusedit.site;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// The list beside each page: its headings, and the pages below them.
///
/// `parts.txt` has a line for each heading, `Begin: README concepts studies/*/index`: pages of `docs/` without `.md`, by name or by a pattern, or,
/// where there is none, of the repository itself. Below `-` stands what is no page of its own. `DocsTest` of the command line, which is among the
/// tests that always run, reads the file too.
final class Parts {
    /// @param pages files of pages, in their order
    record Part(String title, List<Path> pages) {}

    private Parts() {}

    /// @param lines of `parts.txt`
    /// @throws IOException a page of `docs/` is in no part or in two, or a part names one that is not there; the message names it
    static List<Part> of(Path root, List<String> lines) throws IOException {
        var docs = root.resolve("docs");
        var left = new TreeMap<Path, Integer>();
        try (var files = Files.walk(docs)) {
            files.filter(file -> file.toString().endsWith(".md")).forEach(file -> left.put(file, 0));
        }
        var parts = new ArrayList<Part>();
        for (var line : lines) {
            var words = line.split(":? ");
            var pages = new ArrayList<Path>();
            for (var name : List.of(words).subList(1, words.length)) {
                var pattern = FileSystems.getDefault().getPathMatcher("glob:" + name + ".md");
                var found = left.keySet().stream().filter(file -> pattern.matches(docs.relativize(file))).toList();
                pages.addAll(found);
                if (found.isEmpty() && !name.contains("*")) pages.add(root.resolve(name + ".md"));
            }
            for (var page : pages) {
                if (!Files.exists(page)) throw new IOException("the part '" + words[0] + "' names " + page + ", which is not there");
                left.computeIfPresent(page, (_, count) -> count + 1);
            }
            if (!words[0].equals("-")) parts.add(new Part(words[0], List.copyOf(pages)));
        }
        for (var page : left.entrySet()) {
            if (page.getValue() != 1)
                throw new IOException(
                        page.getKey() + " is in " + page.getValue() + " parts of the site, not in one; give it a place in parts.txt");
        }
        return parts;
    }
}
