package dev.fusedit.site;

import dev.fusedit.site.Parts.Part;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.commonmark.Extension;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.ext.heading.anchor.HeadingAnchorExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;

/// `docs/` as plain HTML that needs no network: a page for each, beside a list of all.
///
///     mvn -Psite        # site/target/site/index.html
///
/// Links to other pages lead to their HTML; one that is linked and in no list, as the results of benchmarks are, is made too. A file that is no page,
/// such as a recipe, is copied; a folder is not linked. A link of what was made that leads nowhere is an error.
final class Site {
    private static final List<Extension> EXTENSIONS = List.of(TablesExtension.create(), HeadingAnchorExtension.create());
    private static final String API = "api/index.html";

    private final Path root;
    private final Path out;
    private final List<Part> parts;
    private final Parser parser = Parser.builder().extensions(EXTENSIONS).build();
    private final HtmlRenderer renderer = HtmlRenderer.builder().extensions(EXTENSIONS).build();
    private final ArrayDeque<Path> waiting = new ArrayDeque<>();
    private final Set<Path> made = new LinkedHashSet<>();

    private Site(Path root, Path out, List<String> parts) throws IOException {
        this.root = root.toRealPath();
        this.out = out;
        this.parts = Parts.of(this.root, parts);
    }

    /// @param arguments the repository, and the folder that is made; where it has the Javadoc in `api`, that is linked
    public static void main(String[] arguments) throws IOException {
        try (var parts = resource("/parts.txt")) {
            write(Path.of(arguments[0]), Path.of(arguments[1]), new String(parts.readAllBytes(), StandardCharsets.UTF_8).lines().toList());
        }
    }

    /// @throws IOException a page has no place, or a link leads nowhere
    static void write(Path root, Path out, List<String> parts) throws IOException {
        var site = new Site(root, out, parts);
        site.write();
        var broken = Links.broken(site.made.stream().map(page -> out.resolve(site.place(page))).toList());
        if (!broken.isEmpty()) throw new IOException("links that lead nowhere:\n" + String.join("\n", broken));
    }

    private static InputStream resource(String name) { return Objects.requireNonNull(Site.class.getResourceAsStream(name)); }

    private void write() throws IOException {
        Files.createDirectories(out);
        try (var style = resource("/site.css")) {
            Files.copy(style, out.resolve("site.css"), StandardCopyOption.REPLACE_EXISTING);
        }
        parts.forEach(part -> waiting.addAll(part.pages()));
        for (var page = waiting.poll(); page != null; page = waiting.poll()) {
            if (made.add(page)) write(page);
        }
    }

    private void write(Path page) throws IOException {
        var document = parser.parse(Files.readString(page));
        document.accept(new Leading(page));
        var to = out.resolve(place(page));
        Files.createDirectories(to.getParent());
        Files.writeString(to, """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>%s · fusedit</title>
            <link rel="stylesheet" href="%s">
            </head>
            <body>
            <nav>
            %s</nav>
            <main>
            %s</main>
            </body>
            </html>
            """.formatted(title(page), link(page, "site.css"), navigation(page), renderer.render(document)));
    }

    private String navigation(Path here) {
        var list = new StringBuilder();
        for (var part : parts) {
            var entries = new ArrayList<String>();
            for (var page : part.pages())
                entries.add(entry(link(here, place(page)), title(page).replaceFirst(": .*", ""), page.equals(here)));
            if (part.title().equals("Use") && Files.exists(out.resolve(API))) entries.add(entry(link(here, API), "Javadoc", false));
            list.append("<p>%s</p>\n<ul>\n%s</ul>\n".formatted(part.title(), String.join("", entries)));
        }
        return list.toString();
    }

    private static String entry(String link, String text, boolean here) {
        return "<li><a href=\"%s\"%s>%s</a></li>\n".formatted(link, here ? " aria-current=\"page\"" : "", text);
    }

    /// `Your own images`: the first line of the page.
    private static String title(Path page) {
        try (var lines = Files.lines(page)) {
            return lines.findFirst().orElse("").replaceFirst("^#+ ", "").replace("`", "").replace("&", "&amp;").replace("<", "&lt;");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Where a file of the repository stands in the site: `docs/` at its top, other pages at their path, other files in `files/`.
    private String place(Path file) {
        var docs = root.resolve("docs");
        var path = (file.startsWith(docs) ? docs : root).relativize(file).toString();
        if (path.endsWith(".md")) return path.replaceFirst("(^|/)README\\.md$", "$1index.md").replaceFirst("\\.md$", ".html");
        return file.startsWith(docs) ? path : "files/" + path;
    }

    private String link(Path from, String place) {
        var folder = Path.of("/").resolve(place(from)).getParent();
        return Objects.requireNonNull(folder).relativize(Path.of("/").resolve(place)).toString();
    }

    /// Leads links where the site has what they name, and sees to it that it will have it.
    private final class Leading extends AbstractVisitor {
        private final Path page;

        Leading(Path page) { this.page = page; }

        @Override
        public void visit(Link link) {
            visitChildren(link);
            if (isOfSite(link.getDestination()) && Files.isDirectory(page.resolveSibling(link.getDestination()))) {
                for (var child = link.getFirstChild(); child != null; child = link.getFirstChild()) link.insertBefore(child);
                link.unlink();
            } else link.setDestination(placed(link.getDestination()));
        }

        @Override
        public void visit(Image image) { image.setDestination(placed(image.getDestination())); }

        private static boolean isOfSite(String link) { return !link.matches("[a-z]+:.*|#.*"); }

        private String placed(String link) {
            if (!isOfSite(link)) return link;
            var parts = link.split("#", 2);
            var file = page.resolveSibling(parts[0]).normalize();
            if (!file.startsWith(root) || !Files.isRegularFile(file)) return link; // it is told with all that lead nowhere
            if (parts[0].endsWith(".md")) waiting.add(file);
            else copy(file);
            return link(page, place(file)) + (parts.length == 2 ? "#" + parts[1] : "");
        }

        private void copy(Path file) {
            try {
                var to = out.resolve(place(file));
                Files.createDirectories(to.getParent());
                Files.copy(file, to, StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
