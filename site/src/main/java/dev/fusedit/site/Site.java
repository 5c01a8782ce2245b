package dev.fusedit.site;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
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
/// Links to other pages lead to their HTML. A file that is no page, such as a recipe, is copied to `files/`; a folder is not linked.
final class Site {
    private static final List<Extension> EXTENSIONS = List.of(TablesExtension.create(), HeadingAnchorExtension.create());

    /// A heading of the list, and the pages below it, by the names of their files.
    private record Part(String title, List<String> pages) {}

    private static final List<Part> PARTS = List.of(
            new Part("Begin", List.of("README", "concepts", "your-own", "from-elsewhere", "troubleshooting")),
            new Part("Train", List.of("recipes", "recipe-reference", "large-sets", "caches", "processes", "cores", "scale")),
            new Part("Measure", List.of("evaluation", "studies", "benchmark", "blocks", "numbers", "lab")),
            new Part("Use", List.of("command-line", "commands", "serving", "library", "releases")),
            new Part("Contribute", List.of("CONTRIBUTING", "layout", "glossary", "CHANGELOG")));

    private final Path root;
    private final Path out;
    private final Parser parser = Parser.builder().extensions(EXTENSIONS).build();
    private final HtmlRenderer renderer = HtmlRenderer.builder().extensions(EXTENSIONS).build();

    private Site(Path root, Path out) {
        this.root = root;
        this.out = out;
    }

    /// @param arguments the repository, and the folder that is made
    public static void main(String[] arguments) throws IOException { new Site(Path.of(arguments[0]), Path.of(arguments[1])).write(); }

    private void write() throws IOException {
        Files.createDirectories(out);
        try (var files = Files.list(root.resolve("docs"))) {
            for (var file : files.sorted().toList()) {
                var name = file.getFileName().toString();
                if (!name.endsWith(".md")) Files.copy(file, out.resolve(name), StandardCopyOption.REPLACE_EXISTING);
                else if (PARTS.stream().noneMatch(part -> isIn(part, name))) throw new IOException(name + " is in no part of the site");
            }
        }
        try (var style = Objects.requireNonNull(Site.class.getResourceAsStream("/site.css"))) {
            Files.copy(style, out.resolve("site.css"), StandardCopyOption.REPLACE_EXISTING);
        }
        for (var part : PARTS) {
            for (var name : part.pages) write(name);
        }
    }

    private static boolean isIn(Part part, String file) { return part.pages.contains(file.replace(".md", "")); }

    private void write(String name) throws IOException {
        var source = source(name);
        var document = parser.parse(Files.readString(source));
        document.accept(new Links(source.getParent()));
        Files.writeString(page(name), """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>%s · fusedit</title>
            <link rel="stylesheet" href="site.css">
            </head>
            <body>
            <nav>
            %s</nav>
            <main>
            %s</main>
            </body>
            </html>
            """.formatted(title(name), navigation(name), renderer.render(document)), StandardCharsets.UTF_8);
    }

    private String navigation(String here) {
        return PARTS.stream().map(part -> "<p>%s</p>\n<ul>\n%s</ul>\n".formatted(part.title, part.pages.stream().map(name -> "<li><a href=\"%s\"%s>%s</a>"
                .formatted(page(name).getFileName(), name.equals(here) ? " aria-current=\"page\"" : "", title(name)) + "</li>\n")
                .collect(Collectors.joining()))).collect(Collectors.joining());
    }

    /// `Your own images`: the first line of the page.
    private String title(String name) {
        try (var lines = Files.lines(source(name))) {
            return lines.findFirst().orElse(name).replaceFirst("^#+ ", "").replace("&", "&amp;").replace("<", "&lt;");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path source(String name) {
        var file = root.resolve("docs").resolve(name + ".md");
        return Files.exists(file) ? file : root.resolve(name + ".md");
    }

    private Path page(String name) { return out.resolve(name.equals("README") ? "index.html" : name + ".html"); }

    /// Leads links where the site has what they name.
    private final class Links extends AbstractVisitor {
        private final Path folder;

        Links(Path folder) { this.folder = folder; }

        @Override
        public void visit(Link link) {
            visitChildren(link);
            if (!link.getDestination().matches("[a-z]+:.*|#.*") && Files.isDirectory(folder.resolve(link.getDestination()))) {
                for (var child = link.getFirstChild(); child != null; child = link.getFirstChild()) link.insertBefore(child);
                link.unlink();
            } else link.setDestination(placed(link.getDestination()));
        }

        @Override
        public void visit(Image image) { image.setDestination(placed(image.getDestination())); }

        private String placed(String link) {
            if (link.matches("[a-z]+:.*|#.*")) return link;
            var parts = link.split("#", 2);
            var file = folder.resolve(parts[0]).normalize();
            var name = file.getFileName().toString().replace(".md", "");
            var anchor = parts.length == 2 ? "#" + parts[1] : "";
            if (link.contains(".md") && file.equals(source(name).normalize())) return page(name).getFileName() + anchor;
            if (file.getParent().equals(root.resolve("docs").normalize())) return file.getFileName() + anchor;
            return "files/" + copied(root.normalize().relativize(file)) + anchor;
        }

        private Path copied(Path file) {
            try {
                var to = out.resolve("files").resolve(file);
                Files.createDirectories(to.getParent());
                Files.copy(root.resolve(file), to, StandardCopyOption.REPLACE_EXISTING);
                return file;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
