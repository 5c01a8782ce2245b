package dev.fusedit.site;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SiteTest {
    private static final List<String> PARTS = List.of("Begin: README scale", "Measure: studies studies/*/index", "-: studies/*/words");

    @TempDir
    private Path temp;
    private Path root;
    private Path out;

    @BeforeEach
    void write() throws IOException {
        root = temp.resolve("root");
        out = temp.resolve("site");
        put("README.md", "# it\n[scale](docs/scale.md#far-away), [studies](docs/studies.md), [recipes](recipes)");
        put("docs/scale.md", "# Scale\n## Far away\n[measured](../bench/RESULTS.md#here), [a recipe](../recipes/a.yaml)\n");
        put("docs/studies.md", "# Studies\n[one](studies/one/index.md)");
        put("docs/studies/one/index.md", "# Study one: which\n![plot](plots/a.png) [up](../../studies.md) [rows](table.csv)");
        put("docs/studies/one/words.md", "words of a person");
        put("docs/studies/one/plots/a.png", "png");
        put("docs/studies/one/table.csv", "a,b");
        put("bench/RESULTS.md", "# Results\n## Here\n[numbers](all.json)");
        put("bench/all.json", "{}");
        put("recipes/a.yaml", "run: {}");
    }

    private void put(String file, String text) throws IOException {
        Files.createDirectories(root.resolve(file).getParent());
        Files.writeString(root.resolve(file), text);
    }

    private String made(String file) throws IOException { return Files.readString(out.resolve(file)); }

    @Test
    void linksLeadToPagesAndFilesWhereverTheyAre() throws IOException {
        Site.write(root, out, PARTS);
        assertThat(made("index.html"))
                .contains("href=\"scale.html#far-away\"", "href=\"studies/one/index.html\">Study one</a>", "recipes</p>")
                .doesNotContain("href=\"recipes\"", "Javadoc");
        assertThat(made("scale.html")).contains("href=\"bench/RESULTS.html#here\"", "href=\"files/recipes/a.yaml\"", "id=\"far-away\"");
        assertThat(made("studies/one/index.html")).contains("src=\"plots/a.png\"", "href=\"../../studies.html\"", "href=\"../../site.css\"",
                "href=\"table.csv\"", "<title>Study one: which · fusedit</title>");
        assertThat(made("bench/RESULTS.html")).contains("href=\"../files/bench/all.json\"");
        assertThat(out.resolve("studies/one/plots/a.png")).exists();
        assertThat(out.resolve("studies/one/words.html")).doesNotExist();
    }

    @Test
    void theJavadocIsLinkedFromEveryPage() throws IOException {
        Files.createDirectories(out.resolve("api"));
        Files.writeString(out.resolve("api/index.html"), "");
        var parts = List.of("Use: README scale studies studies/*/index", "-: studies/*/words");
        Site.write(root, out, parts);
        assertThat(made("index.html")).contains("href=\"api/index.html\">Javadoc</a>");
        assertThat(made("studies/one/index.html")).contains("href=\"../../api/index.html\">Javadoc</a>");
    }

    @Test
    void whatLeadsNowhereIsTold() throws IOException {
        put("docs/scale.md", "# Scale\n[a](none.md) ![b](none.png) [c](studies.md#none) [d](#none)");
        assertThatThrownBy(() -> Site.write(root, out, PARTS)).isInstanceOf(IOException.class).hasMessageContainingAll(
                "scale.html: none.md",
                "scale.html: none.png", "scale.html: studies.html#none", "scale.html: #none", "index.html: scale.html#far-away");
    }

    @Test
    void everyPageHasOnePlace() throws IOException {
        assertThatThrownBy(() -> Site.write(root, out, PARTS.subList(0, 1))).isInstanceOf(IOException.class)
                .hasMessageContaining("is in 0 parts of the site");
        assertThatThrownBy(() -> Site.write(root, out, List.of(PARTS.get(0), PARTS.get(1) + " scale", PARTS.get(2))))
                .isInstanceOf(IOException.class).hasMessageContaining("scale.md is in 2 parts");
        assertThatThrownBy(() -> Site.write(root, out, List.of(PARTS.get(0) + " none", PARTS.get(1), PARTS.get(2))))
                .isInstanceOf(IOException.class).hasMessageContainingAll("'Begin'", "none.md, which is not there");
    }
}
