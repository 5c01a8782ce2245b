package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What pages say leads somewhere: links to files and to headings, and commands that the program takes.
class DocsTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern CODE = Pattern.compile("(`+)(.+?)\\1");
    private static final Pattern COMMAND = Pattern.compile("\\./fusedit( .*)?$");

    static Stream<Path> pages() throws IOException { return pages(ROOT); }

    private static Stream<Path> pages(Path root) throws IOException {
        try (var found = Files.walk(root, 4)) {
            return found
                    .filter(file -> Files.isRegularFile(file) && file.toString().endsWith(".md")
                            && !root.relativize(file).toString().matches("(.*/)?(target|runs|\\..+)/.*"))
                    .sorted().toList().stream();
        }
    }

    @Test
    void everyLinkLeadsSomewhere() throws IOException { assertThat(brokenLinks(ROOT)).isEmpty(); }

    /// @param root of a clone or an unpacked release
    static List<String> brokenLinks(Path root) throws IOException {
        var broken = new ArrayList<String>();
        for (var page : pages(root).toList()) {
            prose(page, line -> {
                var link = LINK.matcher(line);
                while (link.find()) {
                    if (!leads(page, link.group(1))) broken.add(page + ": " + link.group(1));
                }
            });
        }
        return broken;
    }

    /// A place of the web is not asked for.
    private static boolean leads(Path page, String link) {
        if (link.matches("[a-z]+:.*")) return true;
        var parts = link.split("#", 2);
        var target = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]).normalize();
        return Files.exists(target) && (parts.length == 1 || !target.toString().endsWith(".md") || anchors(target).contains(parts[1]));
    }

    private static Set<String> anchors(Path page) {
        var anchors = new HashSet<String>();
        prose(page, line -> {
            if (line.matches("#+ .*")) anchors.add(anchor(line.replaceFirst("#+ ", "")));
        });
        return anchors;
    }

    /// As GitHub and the site make it of a heading.
    private static String anchor(String heading) {
        return heading.replaceAll("\\[([^\\]]*)\\]\\([^)]*\\)", "$1").toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N} _-]", "")
                .replace(' ', '-');
    }

    /// As `mvn -Psite` has it, which is not built with everything else: `parts.txt` names each page once, by name or by pattern.
    @Test
    void everyPageHasItsPlaceInTheSite() throws IOException {
        var entries = Files.readAllLines(ROOT.resolve("site/src/main/resources/parts.txt")).stream()
                .flatMap(line -> Stream.of(line.split(":? ")).skip(1)).toList();
        var docs = ROOT.resolve("docs");
        try (var files = Files.walk(docs)) {
            var pages = files.filter(file -> file.toString().endsWith(".md")).map(docs::relativize).toList();
            assertThat(pages).hasSizeGreaterThan(30).allSatisfy(page -> assertThat(entries.stream().filter(entry -> names(entry, page)))
                    .as(page + ": in one part of the site").hasSize(1));
            assertThat(entries).allMatch(
                    entry -> pages.stream().anyMatch(page -> names(entry, page)) || Files.exists(ROOT.resolve(entry + ".md")),
                    "names a page");
        }
    }

    private static boolean names(String entry, Path page) {
        return FileSystems.getDefault().getPathMatcher("glob:" + entry + ".md").matches(page);
    }

    /// The Javadoc, in a jar or in the site, has no such files beside it.
    @Test
    void javadocLinksToNoFileOfTheTree() throws IOException {
        var file = Pattern.compile("^\\s*///.*\\]\\((?![a-z]+:|#)[^)\\s]*\\.(md|yaml|java|csv|png|sh|py)[)#]");
        var linking = new ArrayList<String>();
        for (var module : List.of("native-bindings", "fusion", "trainer", "cli")) {
            try (var files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
                for (var source : files.filter(each -> each.toString().endsWith(".java")).toList()) {
                    Files.readAllLines(source).stream().filter(line -> file.matcher(line).find())
                            .forEach(line -> linking.add(source + ": " + line));
                }
            }
        }
        assertThat(linking).isEmpty();
    }

    /// In blocks whole ones; within a sentence what is said of them may be left out.
    @Test
    void everyCommandIsOne() throws IOException {
        var refused = new ArrayList<String>();
        int[] count = new int[1];
        for (var page : pages().toList()) {
            for (var command : commands(page)) {
                if (!DocumentedCommand.isWhole(command.text)) continue;
                count[0]++;
                DocumentedCommand.problem(command.text, command.block)
                        .ifPresent(problem -> refused.add(page + ": " + command.text + ": " + problem));
            }
        }
        assertThat(refused).isEmpty();
        assertThat(count[0]).isGreaterThan(80);
    }

    /// Texts that the page of troubles explains are said somewhere; `…` stands for what differs.
    @Test
    void explainedMessagesAreSaid() throws IOException {
        var said = new StringBuilder();
        for (var place : List.of("native-bindings/src/main", "fusion/src/main", "trainer/src/main", "cli/src/main", "build", "release/src",
                "fusedit")) {
            try (var files = Files.walk(ROOT.resolve(place))) {
                for (var file : files.filter(each -> Files.isRegularFile(each) && each.toString().matches(".*(\\.java|/[^./]+)"))
                        .toList()) {
                    said.append(Files.readString(file));
                }
            }
        }
        var all = said.toString().replaceAll("\"\\s*\\+\\s*\"", "");
        var explained = Files.readAllLines(ROOT.resolve("docs/troubleshooting.md")).stream().filter(line -> line.startsWith("| `"))
                .flatMap(line -> CODE.matcher(line.split(" \\| ")[0]).results()).flatMap(text -> Stream.of(text.group(2).split("…")))
                .toList();
        assertThat(explained).hasSizeGreaterThan(20).allSatisfy(text -> assertThat(all).contains(text.strip()));
    }

    /// A row without heads above it is shown as it is written.
    @Test
    void everyRowOfATableHasHeads() throws IOException {
        var astray = new ArrayList<String>();
        try (var pages = pages()) {
            for (var page : pages.toList()) {
                var lines = new ArrayList<String>();
                prose(page, lines::add);
                for (int i = 0; i < lines.size(); i++) {
                    boolean begins = lines.get(i).startsWith("|") && (i == 0 || !lines.get(i - 1).startsWith("|"));
                    if (begins && (i + 1 == lines.size() || !lines.get(i + 1).matches("\\|[-:| ]+\\|")))
                        astray.add(page + ": " + lines.get(i));
                }
            }
        }
        assertThat(astray).isEmpty();
    }

    /// What a person wrote of a study stands on its page too.
    @Test
    void pagesOfStudiesHoldTheirWords() throws IOException {
        try (var pages = pages()) {
            var words = pages.filter(page -> page.endsWith("words.md")).toList();
            assertThat(words).isNotEmpty().allSatisfy(
                    page -> assertThat(Files.readString(page.resolveSibling("index.md"))).contains(Files.readString(page).strip()));
        }
    }

    /// @param block whether it stands in a block of code, not within a sentence
    record Found(String text, boolean block) {}

    static List<Found> commands(Path page) throws IOException {
        var found = new ArrayList<Found>();
        var text = Files.readString(page).replaceAll("\\\\\\n\\s*", " ");
        text.lines().filter(line -> line.startsWith("    ")).map(COMMAND::matcher).forEach(command -> {
            if (command.find()) found.add(new Found(command.group(), true));
        });
        prose(page,
                line -> CODE.matcher(line).results().map(code -> code.group(2))
                        .filter(code -> code.matches("(\\w+=\\S+ )*\\./fusedit( .*)?"))
                        .forEach(code -> found.add(new Found(code.substring(code.indexOf("./fusedit")), false))));
        return found;
    }

    /// Lines outside of blocks of code; a paragraph of a code span that is broken over lines is left out.
    private static void prose(Path page, Consumer<String> line) {
        boolean fenced = false;
        try {
            for (var each : Files.readAllLines(page)) {
                if (each.startsWith("```")) fenced = !fenced;
                else if (!fenced && !each.startsWith("    ")) line.accept(each);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
