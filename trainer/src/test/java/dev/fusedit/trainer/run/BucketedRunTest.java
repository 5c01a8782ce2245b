package dev.fusedit.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import dev.fusedit.fusion.text.ByteTokenizer;
import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.SourceBatches;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import dev.fusedit.trainer.data.source.ImageTransform;
import dev.fusedit.trainer.log.MetricsLog;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.pace.Pace;
import dev.fusedit.trainer.pace.StepEstimate;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.RecipeData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Training on images of many shapes, each shown at the size that is nearest to its own.
@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class BucketedRunTest {
    @TempDir
    private Path temp;

    @BeforeEach
    void images() throws IOException {
        int[][] sizes = {{40, 40}, {60, 34}, {33, 61}, {50, 42}, {41, 52}, {90, 30}};
        var set = Files.createDirectories(temp.resolve("set"));
        for (int i = 0; i < 30; i++) {
            int width = sizes[i * i % 6][0], height = sizes[i * i % 6][1];
            var rgb = new byte[3 * width * height];
            new Random(i).nextBytes(rgb);
            Files.write(set.resolve("%02d.png".formatted(i)), new PngImage(width, height, rgb).png());
            Files.writeString(set.resolve("%02d.txt".formatted(i)), "number " + i);
        }
    }

    private Recipe recipe(String... settings) {
        return Recipe.find("tests/minimal", Stream.concat(Stream.of("evaluation={sets: [], validation: {every: 4, samples: 6, bins: 2}}",
                "data={kind: folder, path: '%s', image_size: 32, aspect_buckets: {}, center_crop: false, flip: 0.5, resize: bicubic}"
                        .formatted(temp.resolve("set")),
                "model.llm.tokenizer=bytes", "stages.fuse.steps=6", "stages.fuse.accumulation=2", "stages.joint.batch=8",
                "stages.text.losses={language: {corpus: captions}}"),
                Stream.of(settings)).toList());
    }

    private final List<String> said = new ArrayList<>();

    private Outcome train(Recipe recipe, Path folder, long upTo) {
        try (var start = RunStart.in(folder, recipe, Resume.AUTO, said::add, BucketedRunTest::untried);
                var run = new TrainingRun(start, Interrupts.none(), ProgressLine.silent())) {
            return run.run(upTo);
        }
    }

    /// Takes no time before the first step.
    private static RunLength untried(Recipe recipe) {
        return new RunLength(recipe, new Pace(Collections.nCopies(recipe.stages().size(), 0.1), 0.1), StepEstimate.NONE);
    }

    private static List<?> column(Path run, String key) {
        return MetricsLog.rows(run.resolve("metrics.jsonl")).stream().filter(row -> row.containsKey("loss")).map(row -> row.get(key))
                .toList();
    }

    /// 12 = 5 + 4 + 3, over a stage's end too; with other workers and lanes the same images come.
    @Test
    void aStoppedRunGoesOnWithTheSameBits() {
        Path whole = temp.resolve("whole"), parts = temp.resolve("parts"), others = temp.resolve("others");
        train(recipe(), whole, Long.MAX_VALUE);
        for (long upTo : new long[] {5, 9, Long.MAX_VALUE}) train(recipe(), parts, upTo);
        train(recipe("data.workers=3", "run.lanes=1"), others, Long.MAX_VALUE);
        assertThat(CheckpointHash.of(parts).whole()).isEqualTo(CheckpointHash.of(whole).whole());
        assertThat(column(parts, "samples")).isEqualTo(column(whole, "samples"));
        assertThat(column(others, "samples")).isEqualTo(column(whole, "samples"));
        assertThat(column(whole, "loss")).hasSize(12).allMatch(loss -> Double.isFinite((Double) loss));
    }

    /// Each size has latents of its own; they are encoded anew, with the same draws.
    @Test
    void latentsGoOnWithTheSameBitsToo() throws IOException {
        var vae = Files.createDirectories(temp.resolve("vae"));
        var config = new AutoencoderConfig(3, 3, List.of(8, 16, 16, 16), 1, 4, 4, 32, 0.5, 0.1, true, true, true);
        try (var weights = Weights.fresh(Seed.of(3), DTypePolicy.F32)) {
            AutoencoderKL.of(config, weights);
            weights.save(vae.resolve("diffusion_pytorch_model.safetensors"));
        }
        Files.writeString(vae.resolve("config.json"), config.json().toString());
        String[] settings = {"model.vae=stable-diffusion-v1-5/stable-diffusion-v1-5", "weights={vae: '%s', accept: [vae]}".formatted(vae),
            "model.dit.channels=4", "model.dit.patch=2", "model.prediction=velocity",
            "data={kind: folder, path: '%s', image_size: 64, aspect_buckets: {}, flip: 0.5}".formatted(temp.resolve("set"))};
        Path whole = temp.resolve("whole"), parts = temp.resolve("parts");
        train(recipe(settings), whole, 11);
        for (long upTo : new long[] {6, 11}) train(recipe(settings), parts, upTo);
        assertThat(CheckpointHash.of(parts).whole()).isEqualTo(CheckpointHash.of(whole).whole());
        assertThat(column(whole, "loss")).hasSize(11).allMatch(loss -> Double.isFinite((Double) loss));
    }

    /// Two sources with buckets of their own, one of squares, and drawn ones.
    @Test
    void aMixtureGoesOnWithTheSameBitsToo() {
        var mixture = """
                data={kind: mix, samples: 40, sources: [
                {name: shapes, weight: 2, data: {kind: folder, path: '%1$s', image_size: 32, aspect_buckets: {max_ratio: 3}, flip: 0.5}},
                {name: wide, data: {kind: folder, path: '%1$s', image_size: 32, aspect_buckets: {kind: list, sizes: [48x16, 32x32]}}},
                {name: squares, data: {kind: folder, path: '%1$s', image_size: 32}},
                {name: drawn, data: {kind: blocks, image_size: 32, samples: 50}}]}""".formatted(temp.resolve("set"));
        Path whole = temp.resolve("whole"), parts = temp.resolve("parts");
        train(recipe(mixture), whole, 11);
        for (long upTo : new long[] {5, 11}) train(recipe(mixture), parts, upTo);
        assertThat(CheckpointHash.of(parts).whole()).isEqualTo(CheckpointHash.of(whole).whole());
        assertThat(column(parts, "samples")).isEqualTo(column(whole, "samples"));
        try (var data = RecipeData.open(recipe(mixture), new ByteTokenizer(), Pipes.REFUSED, temp.resolve("e.jsonl"), said::add)) {
            assertThat(said).anyMatch(line -> line.startsWith("Aspect-ratio buckets of text, fuse, joint:"));
            var recipe = recipe(mixture);
            var sizes = recipe.sizes(recipe.stages().getLast());
            assertThat(sizes).contains(new ImageSize(48, 16), new ImageSize(32, 32), new ImageSize(16, 48));
            var wanted = new Batches.Wanted(0, 8, sizes, 0, 0, 0);
            for (int step = 0; step < 20; step++) {
                var batch = data.of(step, wanted);
                assertThat(batch.keys().stream().filter(key -> key >= 60)).as("squares, drawn or not")
                        .allMatch(_ -> batch.size().equals(ImageSize.square(32)));
            }
            var held = data.validation(0, 5);
            assertThat(held.captions()).hasSize(5);
            for (int i = 0; i < 5; i++) assertThat(sizes).contains(held.pixels().size(i, sizes));
            assertThat(held.pixels().size(4, sizes)).as("the last one is drawn").isEqualTo(ImageSize.square(32));
        }
    }

    @Test
    void filterAndGroundAreTheRecipes() {
        try (var data =
                (SourceBatches) RecipeData.open(recipe("data.ground=black"), new ByteTokenizer(), Pipes.REFUSED, temp.resolve("e.jsonl"),
                        said::add)) {
            assertThat(data.transform()).isEqualTo(new ImageTransform(ImageDecoding.STRICT.over(ImageDecoding.Alpha.BLACK), Filter.BICUBIC,
                    true, 0.5));
        }
        assertThat(said).anyMatch(line -> line.startsWith("Aspect-ratio buckets of text, fuse, joint:"));
        try (var data =
                (SourceBatches) RecipeData.open(recipe("data.resize=bilinear"), new ByteTokenizer(), Pipes.REFUSED, temp.resolve("e.jsonl"),
                        said::add)) {
            assertThat(data.transform()).isEqualTo(new ImageTransform(ImageDecoding.STRICT, Filter.BILINEAR, true, 0.5));
        }
    }

    /// What steps take is tried before the first one, with the largest images too.
    @Test
    void otherModelsLearnFromThemToo() {
        for (var setting : List.of("model.positions=ape", "model.fusion=dual-stream",
                "stages.joint.losses={flow: {}, repa: {teacher: {kind: random}, layer: 1}, contrastive: {layer: 1}}")) {
            var run = temp.resolve(Integer.toString(setting.hashCode()));
            try (var start = RunStart.in(run, recipe(setting), Resume.AUTO, said::add, RunLength::asWritten);
                    var training = new TrainingRun(start, Interrupts.none(), ProgressLine.silent())) {
                training.run(11);
            }
            assertThat(column(run, "loss")).hasSize(11).allMatch(loss -> Double.isFinite((Double) loss));
        }
    }
}
