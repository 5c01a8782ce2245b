package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Suites over a model that is trained for seconds: what is kept, gone on with, refused.
@Tag("training")
class EvalSuitesTest {
    @TempDir
    private Path folder;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(Object... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        var texts = Arrays.stream(args).map(Object::toString).toArray(String[]::new);
        return Main.run(texts, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    private Path trained() {
        var run = folder.resolve("run");
        assertThat(run("train", "tests/minimal", "--out", run, "--set", "run.precision=f32")).as(err.toString()).isZero();
        return run;
    }

    @Test
    void imagesAreMadeOnceAndJudgedByEachSuite() throws IOException {
        var model = trained();
        var kept = folder.resolve("kept");
        var prompts = Files.writeString(folder.resolve("prompts.jsonl"),
                "{\"tag\": \"single_object\", \"include\": [{\"class\": \"bench\", \"count\": 1}], \"prompt\": \"a photo of a bench\"}\n");
        var dpg = Files.writeString(folder.resolve("dpg.json"), "[[\"one\", \"a red circle\"]]");
        Object[] call =
                {"eval", "--model", model, "--suite", "blocks,geneval,dpg", "--prompts-per-kind", 1, "--sets", "seen", "--out", kept,
                    "--geneval-prompts", prompts, "--dpg-prompts", dpg, "--json"};
        assertThat(run(call)).as(err.toString()).isZero();
        var json = new ObjectMapper().readTree(out.toString());
        assertThat(json.at("/blocks/seen/n").asInt()).isEqualTo(6);
        assertThat(json.at("/geneval/prompt_form").asText()).isEqualTo("original");
        assertThat(json.at("/evaluations").asInt()).isEqualTo(4);
        assertThat(Files.readString(kept.resolve("geneval/00000/metadata.jsonl"))).isEqualTo(Files.readString(prompts));
        for (int i = 0; i < 4; i++) assertThat(kept.resolve("geneval/00000/samples/000%d.png".formatted(i))).exists();
        assertThat(kept.resolve("dpg/one.png")).exists();
        assertThat(Files.readString(kept.resolve("index.html"))).contains("blocks/seen/000.png").doesNotContain("src=\"http");
        var image = kept.resolve("blocks/seen/003.png");
        var bytes = Files.readAllBytes(image);
        var before = Files.getLastModifiedTime(kept.resolve("blocks/seen/002.png"));
        Files.delete(image);
        assertThat(run(call)).isZero();
        assertThat(Files.readAllBytes(image)).as("made again, bit for bit").isEqualTo(bytes);
        assertThat(Files.getLastModifiedTime(kept.resolve("blocks/seen/002.png"))).as("not made again").isEqualTo(before);
        assertThat(new ObjectMapper().readTree(out.toString()).get("blocks")).isEqualTo(json.get("blocks"));

        assertThat(run("eval", "--model", model, "--out", kept, "--prompts-per-kind", 1, "--steps", 3)).isEqualTo(2);
        assertThat(err.toString()).contains("holds images that were made otherwise: steps is not the same", "--force");
        assertThat(run("eval", "--model", model, "--out", kept, "--prompts-per-kind", 1, "--sets", "seen", "--steps", 3, "--force"))
                .isZero();
        assertThat(run("eval", "--model", model, "--prompts-per-kind", 1, "--sets", "seen", "--json")).isZero();
        assertThat(new ObjectMapper().readTree(out.toString()).get("blocks")).as("in memory as in the folder")
                .isEqualTo(json.get("blocks"));
    }

    @Test
    void modelsAreMeasuredByTheirLossToo() throws IOException {
        var model = trained();
        assertThat(run("eval", "--model", model, "--suite", "loss,pairs", "--samples", 16, "-n", 1, "--json")).as(err.toString()).isZero();
        var json = new ObjectMapper().readTree(out.toString());
        assertThat(json.at("/loss/bins")).hasSize(8);
        assertThat(json.at("/loss/flow/value").asDouble()).isPositive();
        assertThat(json.at("/pairs/pairs").asInt()).as("one of each kind and attribute").isEqualTo(11);
        assertThat(run("eval", "--model", model, "--suite", "consistency,diversity", "--samples", 11, "-n", 2, "--json")).as(err.toString())
                .isZero();
        var other = new ObjectMapper().readTree(out.toString());
        assertThat(other.at("/consistency/gap_by_sigma")).hasSize(8);
        assertThat(other.at("/consistency/all/group/n").asInt()).isEqualTo(11);
        assertThat(other.at("/notes/consistency").toString()).contains("11 pairs are few", "by chance: text 0.25");
        assertThat(other.at("/diversity/right/n").asInt()).isEqualTo(48);
        assertThat(json.at("/notes/loss").toString()).contains("2 samples a bin are few");
        assertThat(run("eval", "--model", model, "--suite", "loss", "--samples", 16, "--json")).isZero();
        assertThat(new ObjectMapper().readTree(out.toString()).get("loss")).as("the same again").isEqualTo(json.get("loss"));
    }

    @Test
    void badUsageIsSaid() {
        assertThat(run("eval", "--images", folder)).isEqualTo(2);
        assertThat(err.toString()).contains("holds no image");
        assertThat(run("eval", "--images", folder, "--steps", 3)).isEqualTo(2);
        assertThat(err.toString()).contains("--images samples nothing");
        assertThat(run("eval", "--self-check", "--suite", "geneval")).isEqualTo(2);
        assertThat(run("eval", "--model", folder, "--force")).isEqualTo(2);
        assertThat(err.toString()).contains("give --out too");
        assertThat(run("eval", "--model", folder, "--suite", "geneval", "--prompts-per-kind", 3)).isEqualTo(2);
        assertThat(err.toString()).contains("--sets and --prompts-per-kind are of the suite blocks");
    }
}
