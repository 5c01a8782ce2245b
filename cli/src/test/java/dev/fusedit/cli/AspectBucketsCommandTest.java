package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// From images of many shapes to images of many shapes.
@ExtendWith(NoTensorLeaks.class)
class AspectBucketsCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path temp;

    private int run(String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    @Test
    void whatBecomesOfEachShapeIsToldAndTrainedOn() throws IOException {
        var set = Files.createDirectories(temp.resolve("set"));
        int[][] sizes = {{70, 70}, {100, 60}, {100, 60}, {30, 50}};
        for (int i = 0; i < 16; i++) {
            var rgb = new byte[3 * sizes[i % 4][0] * sizes[i % 4][1]];
            new Random(i).nextBytes(rgb);
            Files.write(set.resolve("%02d.png".formatted(i)), new PngImage(sizes[i % 4][0], sizes[i % 4][1], rgb).png());
            Files.writeString(set.resolve("%02d.txt".formatted(i)), "picture " + i);
        }
        var recipe = temp.resolve("my.yaml");
        assertThat(run("recipe", "new", "--from", set.toString(), "--size", "64", "--out", recipe.toString())).as(err.toString()).isZero();
        Files.writeString(recipe, Files.readString(recipe).replace("  # aspect_buckets:", "  aspect_buckets:"));
        assertThat(Files.readString(recipe)).contains("\n  aspect_buckets: {max_ratio: 2}");
        assertThat(run("data", "audit", set.toString(), "--recipe", recipe.toString(), "--json")).as(err.toString()).isZero();
        var buckets = new ObjectMapper().readTree(out.toString()).get("buckets").get(0);
        assertThat(buckets.get("stages").toString()).isEqualTo("[\"text\",\"fuse\"]");
        assertThat(buckets.get("sizes")).extracting(size -> size.get("width") + "x" + size.get("height") + " " + size.get("images") + " "
                + size.get("enlarged")).containsExactly("48x80 4 1.0", "64x64 4 0.0", "80x48 8 0.0");
        assertThat(run("data", "audit", set.toString(), "--recipe", recipe.toString())).isZero();
        assertThat(out.toString()).contains("Aspect-ratio buckets of text, fuse",
                "48x80, 64x64, 80x48: fewer images than the 16 of a batch");
        assertThat(run("plan", recipe.toString(), "--no-measure")).isZero();
        assertThat(out.toString()).contains("Images have 5 sizes, 48x80 to 80x48: memory and work are those of the largest, 64x64.");
        assertThat(run("plan", recipe.toString(), "--no-measure", "--json")).isZero();
        assertThat(new ObjectMapper().readTree(out.toString()).at("/stages/1/image_sizes")).hasSize(5);
        var run = temp.resolve("run").toString();
        assertThat(run("train", recipe.toString(), "--out", run, "--set", "run.precision=f32", "--set", "stages.text.steps=2", "--set",
                "stages.text.warm_up=0", "--set", "stages.fuse.steps=6", "--set", "stages.fuse.warm_up=0", "--set", "sampling.steps=2",
                "--set", "evaluation.validation={every: 3, samples: 4, bins: 2}")).as(err.toString()).isZero();
        assertThat(Files.readString(Path.of(run, "metrics.jsonl"))).contains("flow_bins").doesNotContain("NaN");
        assertThat(run("sample", "--model", run, "--prompt", "picture 3", "--width", "80", "--height", "48", "--out",
                temp.resolve("wide").toString())).as(err.toString()).isZero();
        var wide = PngImage.read(temp.resolve("wide/00000.png"));
        assertThat(new int[] {wide.width(), wide.height()}).containsExactly(80, 48);
    }
}
