package dev.fusedit.trainer.stage.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.PixelArrays;
import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import dev.fusedit.trainer.log.MetricsLog;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.optim.EmaWeights;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.pace.Pace;
import dev.fusedit.trainer.pace.StepEstimate;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.run.CheckpointHash;
import dev.fusedit.trainer.run.Interrupts;
import dev.fusedit.trainer.run.Resume;
import dev.fusedit.trainer.run.RunLength;
import dev.fusedit.trainer.run.RunStart;
import dev.fusedit.trainer.run.TrainingRun;
import dev.fusedit.trainer.stage.RecipeData;
import dev.fusedit.trainer.stage.RunTensors;
import dev.fusedit.trainer.stage.StageParts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Training with what is kept, and without: images of several shapes, mirrored or not, with two captions each.
@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class TrainingCacheTest {
    private static final AutoencoderConfig VAE =
            new AutoencoderConfig(3, 3, List.of(8, 16, 16, 16), 1, 4, 4, 32, 0.5, 0.1, true, true, true);

    @TempDir
    private Path temp;

    @BeforeEach
    void imagesAndAutoencoder() throws IOException {
        int[][] sizes = {{40, 40}, {70, 34}, {33, 61}, {64, 64}};
        for (int i = 0; i < 16; i++) image(i, sizes[i % 4][0], sizes[i % 4][1], i);
        autoencoder(3);
    }

    private void image(int i, int width, int height, int look) throws IOException {
        var set = Files.createDirectories(temp.resolve("set"));
        var rgb = new byte[3 * width * height];
        new Random(look).nextBytes(rgb);
        Files.write(set.resolve("%02d.png".formatted(i)), new PngImage(width, height, rgb).png());
        caption(i, "number " + i);
    }

    private void caption(int i, String text) throws IOException {
        Files.writeString(temp.resolve("set/%02d.txt".formatted(i)), text);
    }

    private void autoencoder(int seed) throws IOException {
        var folder = Files.createDirectories(temp.resolve("vae"));
        try (var weights = Weights.fresh(Seed.of(seed), DTypePolicy.F32)) {
            AutoencoderKL.of(VAE, weights);
            weights.save(folder.resolve("diffusion_pytorch_model.safetensors"));
        }
        Files.writeString(folder.resolve("config.json"), VAE.json().toString());
    }

    /// @param stages of the recipe; those of `tests/minimal` if empty
    private Recipe recipe(String stages, String... settings) {
        var all = Stream.concat(Stream.of("evaluation={sets: [], validation: {every: 3, samples: 4, bins: 2}}",
                "data={kind: folder, path: '%s', image_size: 32, aspect_buckets: {step: 16}, flip: 0.5, resize: bicubic}"
                        .formatted(temp.resolve("set")),
                "model.llm.tokenizer=bytes", "model.vae=stable-diffusion-v1-5/stable-diffusion-v1-5", "weights.vae=" + temp.resolve("vae"),
                "weights.accept=[vae]", "model.dit.channels=4", "model.dit.patch=2", "model.prediction=velocity",
                "logging={metrics_every: 1}",
                stages.isEmpty() ? "sampling.weights=ema" : "sampling.weights=raw",
                stages.isEmpty() ? "stages.text.losses={language: {corpus: captions}}" : "stages=" + stages,
                stages.isEmpty() ? "stages.fuse.steps=3" : "sampling.steps=1"), Stream.of(settings));
        return Recipe.find("tests/minimal", all.toList());
    }

    private String cache(String more) { return "cache={folder: '%s'%s}".formatted(temp.resolve("cache"), more); }

    private Path train(String name, Recipe recipe) {
        var folder = temp.resolve(name);
        try (var start = RunStart.in(folder, recipe, Resume.AUTO, _ -> {}, TrainingCacheTest::untried);
                var run = new TrainingRun(start, Interrupts.none(), ProgressLine.silent())) {
            run.run(Long.MAX_VALUE);
        }
        return folder;
    }

    private static RunLength untried(Recipe recipe) {
        return new RunLength(recipe, new Pace(Collections.nCopies(recipe.stages().size(), 0.1), 0.1), StepEstimate.NONE);
    }

    private static long fill(Recipe recipe) {
        try (var work = new CacheWork(recipe, false, Pipes.REFUSED, 2, ProgressLine.silent())) {
            return work.fill(false);
        }
    }

    private static List<CacheWork.State> states(Recipe recipe) {
        try (var work = new CacheWork(recipe, false, Pipes.REFUSED, 2, ProgressLine.silent())) {
            return work.states();
        }
    }

    private static List<Double> losses(Path run) {
        return MetricsLog.rows(run.resolve("metrics.jsonl")).stream().filter(row -> row.containsKey("loss"))
                .map(row -> ((Number) row.get("loss")).doubleValue()).toList();
    }

    @Test
    void latentsAndTokensChangeNoBit() {
        var cached = recipe("", cache(""));
        assertThatThrownBy(() -> train("early", cached)).isInstanceOf(UserError.class)
                .hasMessageContaining("of latents that the recipe wants").hasMessageContaining("Give 'fusedit data cache RECIPE'");
        assertThat(fill(cached)).isPositive();
        assertThat(fill(cached)).as("nothing is made twice").isZero();
        var without = CheckpointHash.of(train("without", recipe("")));
        assertThat(CheckpointHash.of(train("with", cached))).isEqualTo(without);
        assertThat(CheckpointHash.of(train("pixels", recipe("", cache(", latents: none")))).whole()).isEqualTo(without.whole());
    }

    /// Each source has sizes of its own.
    @Test
    void aMixtureWithBucketsChangesNoBit() throws IOException {
        var other = Files.createDirectories(temp.resolve("other"));
        for (int i = 0; i < 8; i++) {
            for (var type : List.of("png", "txt"))
                Files.copy(temp.resolve("set/%02d.%s".formatted(2 * i, type)), other.resolve(i + "." + type));
        }
        var stages = "[{name: fuse, steps: 4, batch: 4, lr: {dit: 1e-3}, losses: {flow: {}}}]";
        var wide = "{kind: folder, path: '%s', image_size: 32, aspect_buckets: {step: 16}}".formatted(temp.resolve("set"));
        var square = "{kind: folder, path: '%s', image_size: 32, flip: 0.5}".formatted(other);
        var data = "data={kind: mix, sources: [{name: wide, data: %s}, {name: square, data: %s}]}".formatted(wide, square);
        var cached = recipe(stages, data, "evaluation={sets: []}", cache(""));
        fill(cached);
        assertThat(CheckpointHash.of(train("mixed", cached)))
                .isEqualTo(CheckpointHash.of(train("mixed-without", recipe(stages, data, "evaluation={sets: []}"))));
    }

    @Test
    void roundedLatentsAreOthers() {
        var stages = "[{name: fuse, steps: 2, batch: 4, lr: {dit: 1e-3}, losses: {flow: {}}}]";
        var rounded = recipe(stages, cache(", latents: bf16"));
        fill(rounded);
        var losses = losses(train("rounded", rounded));
        var whole = losses(train("whole", recipe(stages)));
        assertThat(losses).isNotEqualTo(whole);
        for (int i = 0; i < whole.size(); i++) assertThat(losses.get(i)).isCloseTo(whole.get(i), within(0.02 * whole.get(i)));
    }

    @Test
    void textAndFeaturesAreThoseThatAreComputedUpToRounding() {
        assertThatThrownBy(() -> train("early", frozen("joint", true))).isInstanceOf(UserError.class)
                .hasMessageContaining("lacks all rows of features");
        for (var fusion : List.of("joint", "dual-stream")) learnsTheSame(fusion);
        assertThat(states(frozen("gated-joint", true))).as("it reads what joint attention reads")
                .allMatch(state -> state.missing() == 0);
        rehearse(frozen("joint", true));
    }

    /// Every fusion reads its own part of the language model.
    @Test
    @Tag("long")
    void otherFusionsDoSoToo() {
        for (var fusion : List.of("cross", "gated-joint", "shallow-joint", "shallow-cross")) learnsTheSame(fusion);
    }

    private Recipe frozen(String fusion, boolean cached) {
        var stages = "[{name: fuse, steps: 2, batch: 4, lr: {dit: 1e-3, alignment: 1e-3}, caption_dropout: 0.3, "
                + "losses: {flow: {}, repa: {teacher: {kind: random}, layer: 1, width: 16}}}]";
        return cached ? recipe(stages, "model.fusion=" + fusion, cache(", text: run, features: run"))
                : recipe(stages, "model.fusion=" + fusion);
    }

    private void learnsTheSame(String fusion) {
        fill(frozen(fusion, true));
        var with = losses(train("with-" + fusion, frozen(fusion, true)));
        var without = losses(train("without-" + fusion, frozen(fusion, false)));
        assertThat(with).hasSize(2);
        for (int i = 0; i < 2; i++) assertThat(with.get(i)).as(fusion).isCloseTo(without.get(i), within(1e-4));
    }

    /// For times of data that is not at hand: rows are blank, and as large.
    private static void rehearse(Recipe recipe) {
        var tokenizer = RecipeTokenizers.of(recipe);
        try (var _ = TensorScope.open();
                var tensors = RunTensors.of(recipe, tokenizer, null);
                var emaWeights = new EmaWeights();
                var optimizerState = new OptimizerState()) {
            var blank = TrainingCache.of(recipe, RecipeData.like(recipe, tokenizer), tensors.bundle());
            var parts = new StageParts(recipe, blank, tensors);
            var batch = parts.batches(parts.plans().getFirst()).of(0, new PixelArrays());
            assertThat(batch.images()).isEmpty();
            assertThat(batch.stored().texts()).hasSize(4);
            try (var loop = parts.loop(parts.plans().getFirst(), 0, emaWeights, optimizerState)) {
                loop.rehearse();
            }
        }
    }

    @Test
    void whatHasChangedIsMadeAnewAndNothingElse() throws IOException {
        var cached = recipe("", cache(""), "evaluation={sets: []}", "data.flip=0");
        long all = fill(cached);
        caption(3, "another");
        assertThat(fill(cached)).as("the ids of a caption").isEqualTo(1);
        image(4, 40, 40, 99);
        assertThat(states(cached)).anySatisfy(state -> {
            assertThat(state.kind()).isEqualTo(CacheKind.LATENTS);
            assertThat(state.missing()).isEqualTo(1);
            assertThat(state.unwanted()).isEqualTo(1);
        });
        assertThatThrownBy(() -> train("stale", cached)).isInstanceOf(UserError.class)
                .hasMessageContaining("lacks 1 of the 16 rows of latents");
        assertThat(fill(cached)).isEqualTo(1);
        assertThat(fill(recipe("", cache(""), "evaluation={sets: []}", "data.flip=0", "data.resize=lanczos"))).isEqualTo(16);
        autoencoder(4);
        assertThatThrownBy(() -> train("stale", cached)).isInstanceOf(UserError.class)
                .hasMessageContaining("there has another encoder");
        assertThat(fill(cached)).isEqualTo(16);
        assertThat(all).isEqualTo(16 + 17);
        try (var work = new CacheWork(cached, false, Pipes.REFUSED, 2, ProgressLine.silent())) {
            assertThat(work.stale()).hasSize(1);
            try (var _ = TrainingCache.reading(cached)) {
                assertThatThrownBy(work::prune).isInstanceOf(UserError.class).hasMessageContaining("is in use by another process");
            }
            assertThat(work.prune()).isPositive();
            assertThat(work.stale()).isEmpty();
        }
    }

    @Test
    void damagedFilesAreSeenAndMadeAnew() throws IOException {
        var cached = recipe("", cache(""));
        fill(cached);
        var latents = states(cached).getLast();
        var set = temp.resolve("cache").resolve(latents.set());
        Path shard;
        try (var files = Files.newDirectoryStream(set, "*.safetensors")) {
            shard = files.iterator().next();
        }
        var whole = Files.readAllBytes(shard);
        var flipped = whole.clone();
        for (int i = whole.length / 4; i < whole.length / 2; i++) flipped[i] ^= 4;
        Files.write(shard, flipped);
        assertThatThrownBy(() -> train("flipped", cached)).isInstanceOf(UserError.class).hasMessageContaining("is damaged: row")
                .hasMessageContaining("--verify");
        try (var work = new CacheWork(cached, false, Pipes.REFUSED, 2, ProgressLine.silent())) {
            assertThat(work.fill(true)).isEqualTo(latents.wanted());
        }
        assertThat(Files.readAllBytes(shard)).isEqualTo(whole);

        Files.write(shard, Arrays.copyOf(whole, whole.length / 2));
        Files.write(set.resolve("." + shard.getFileName() + ".tmp"), whole);
        assertThatThrownBy(() -> train("cut", cached)).isInstanceOf(UserError.class).hasMessageContaining("lacks");
        assertThat(states(cached).getLast().broken()).hasSize(1);
        assertThat(states(cached).getLast().unfinished()).hasSize(1);
        assertThat(fill(cached)).isEqualTo(latents.wanted());
        assertThat(states(cached).getLast().unfinished()).isEmpty();
        assertThat(Files.readAllBytes(shard)).isEqualTo(whole);
    }

    @Test
    void aDiskWithoutRoomIsToldBeforeAnythingIsWritten() {
        assertThatThrownBy(() -> CacheFill.requireRoom(Path.of("x"), 5L << 30, 1L << 30)).isInstanceOf(UserError.class)
                .hasMessageContaining("cache.folder: x needs 5,120 MiB more, but its disk has 1,024 MiB free");
    }

    @Test
    void whatCannotBeKeptIsRefused() {
        assertThatThrownBy(() -> recipe("", cache(""), "data.center_crop=false")).isInstanceOf(UserError.class)
                .hasMessageContaining("center_crop").hasMessageContaining("any part of an image is another one each time");
        assertThatThrownBy(() -> recipe("", cache(", text: run"))).isInstanceOf(UserError.class)
                .hasMessageContaining("stage 'text' trains the language model");
        assertThatThrownBy(() -> recipe("", cache(", features: run"))).isInstanceOf(UserError.class)
                .hasMessageContaining("no stage has a repa loss");
        assertThatThrownBy(() -> recipe("", cache(""), "data={kind: blocks}")).isInstanceOf(UserError.class)
                .hasMessageContaining("built-in data");
    }
}
