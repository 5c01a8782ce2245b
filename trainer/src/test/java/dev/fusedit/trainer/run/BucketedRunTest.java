package dev.fusedit.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.fusion.text.ByteTokenizer;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.trainer.data.SourceBatches;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import dev.fusedit.trainer.data.shards.ShardSettings;
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

    @Test
    void filterAndGroundAreTheRecipes() {
        try (var data =
                (SourceBatches) RecipeData.open(recipe("data.ground=black"), new ByteTokenizer(), ShardSettings.Pipes.REFUSED,
                        temp.resolve("e.jsonl"), said::add)) {
            assertThat(data.transform()).isEqualTo(new ImageTransform(ImageDecoding.STRICT.over(ImageDecoding.Alpha.BLACK), Filter.BICUBIC,
                    true, 0.5));
        }
        assertThat(said).anyMatch(line -> line.startsWith("Aspect-ratio buckets of text, fuse, joint:"));
        try (var data = (SourceBatches) RecipeData.open(recipe("data.resize=bilinear"), new ByteTokenizer(), ShardSettings.Pipes.REFUSED,
                temp.resolve("e.jsonl"),
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
