package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("training")
class CompareCommandTest {
    @TempDir
    private Path folder;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) { return Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true)); }

    private String trained(String name, String setting) {
        var run = folder.resolve(name).toString();
        assertThat(run("train", "tests/minimal", "--out", run, "--set", "run.precision=f32", "--set", setting)).as(err.toString()).isZero();
        out.getBuffer().setLength(0);
        return run;
    }

    @Test
    void runsAreComparedWithImagesOfTheSamePrompts() throws IOException {
        String one = trained("one", "run.seed=1"), two = trained("two", "run.seed=2");
        var page = folder.resolve("page.html");
        assertThat(run("compare", one, two, "--html", page.toString())).as(err.toString()).isZero();
        assertThat(out.toString()).contains("run.seed", "flow loss", "seen mean");
        var html = Files.readString(page);
        assertThat(html.split("<figure>", -1)).as("six prompts of each run").hasSize(13);
        assertThat(html).contains("0 of 6 right").doesNotContain("src=\"http");
        assertThat(run("compare", one, two, "--html", page.toString())).isEqualTo(2);
        assertThat(err.toString()).contains("is there already");
        out.getBuffer().setLength(0);
        assertThat(run("compare", one, two, "--json")).isZero();
        var json = new ObjectMapper().readTree(out.toString());
        assertThat(json.at("/runs/1/label").asText()).isEqualTo("two");
        assertThat(json.at("/runs/0/blocks/seen/n").asInt()).isPositive();
    }

    @Test
    void badUsageIsSaid() {
        assertThat(run("compare")).isEqualTo(2);
        assertThat(run("compare", folder.toString())).isEqualTo(2);
        assertThat(err.toString()).contains("is no run's folder");
        assertThat(run("compare", folder.toString(), "--no-images")).isEqualTo(2);
        assertThat(err.toString()).contains("Give --html too");
    }
}
