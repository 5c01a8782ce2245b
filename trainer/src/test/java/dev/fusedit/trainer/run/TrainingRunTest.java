package dev.fusedit.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.PathChoice;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.internal.abi.MetaKernels;
import dev.fusedit.torch.internal.abi.Placement;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.eval.ResultJson;
import dev.fusedit.trainer.log.MetricsLog;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.model.SavedModel;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.sampling.ImageSampler;
import dev.fusedit.trainer.sampling.SampleRun;
import dev.fusedit.trainer.sampling.ModelExport;
import dev.fusedit.trainer.sampling.SamplingModel;
import dev.fusedit.trainer.sampling.Showcase;
import dev.fusedit.trainer.sampling.ShownImages;
import dev.fusedit.trainer.step.DivergedException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class TrainingRunTest {
    @TempDir
    Path temp;

    private static Recipe minimal(String... settings) { return Recipe.find("tests/minimal", List.of(settings)); }

    private ResultJson train(Recipe recipe, Path folder, Interrupts interrupts) {
        try (var run = new TrainingRun(recipe, RunFolder.create(folder, recipe.canonical()), interrupts, ProgressLine.silent())) {
            return run.run();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "bf16"})
    void leavesAllThatScriptsRelyOn(String precision) throws IOException {
        var out = temp.resolve("run");
        train(minimal("run.precision=" + precision), out, Interrupts.none());

        var result = new ObjectMapper().readTree(Files.readAllBytes(out.resolve("result.json")));
        assertThat(result.get("steps").asInt()).isEqualTo(10);
        assertThat(result.get("weights").asText()).isEqualTo("ema");
        assertThat(result.get("guidance").asDouble()).isEqualTo(2);
        assertThat(result.get("sample_steps").asInt()).isEqualTo(2);
        assertThat(result.get("images_per_second").asDouble()).isPositive();
        assertThat(result.get("peak_mib").asDouble()).isPositive();
        for (var set : List.of("seen", "paraphrase")) {
            for (var key : List.of("mean", "single", "two", "counting", "colors", "position", "attribution", "n", "attributes")) {
                assertThat(result.get("blocks").get(set).has(key)).as(set + "." + key).isTrue();
            }
            assertThat(result.get("blocks").get(set).get("n").asInt()).isEqualTo(6);
            assertThat(result.get("blocks").get(set).get("attributes").fieldNames()).toIterable().containsExactlyInAnyOrder("color",
                    "shape", "count", "place");
        }
        var grid = ImageIO.read(out.resolve("samples.png").toFile());
        assertThat(grid.getWidth()).as("six images of 128 and margins").isGreaterThan(6 * 128);
        assertThat(ImageIO.read(out.resolve("loss.png").toFile())).isNotNull();
        assertThat(out.resolve("previews/step-000006.png")).exists();
        var shown = ShownImages.read(out.resolve("samples.json"));
        assertThat(shown.images()).hasSize(Showcase.IMAGES).allMatch(image -> image.right() != null);
        var first = shown.of(PngImage.read(out.resolve("samples.png")), shown.images().getFirst());
        assertThat(first.width()).isEqualTo(32);
        assertThat(first.enlarged(4).rgb()).isEqualTo(PngImage.read(out.resolve("samples.png")).part(10, 10, 128, 128, 1).rgb());
        assertThat(out.resolve("report.html")).content().contains("Finished, step 10 of 10", "Samples at the end", "<h2>Previews",
                "gradient norm");
        var rows = MetricsLog.rows(out.resolve("metrics.jsonl"));
        assertThat(rows).hasSize(10);
        assertThat(rows.getLast()).containsKeys("stage", "loss", "flow", "language", "gradient_norm", "rate");
        assertThat(out.resolve("checkpoints/latest")).isDirectory();
        assertThat(Checkpoint.open(Checkpoints.find(out)).step()).isEqualTo(10);
    }

    /// What a step draws is a function of its number: nothing else may move a weight.
    @Test
    void twoRunsAreTheSame() throws IOException {
        train(minimal(), temp.resolve("a"), Interrupts.none());
        train(minimal(), temp.resolve("b"), Interrupts.none());
        for (var file : List.of("model.safetensors", "ema.safetensors", "optimizer.safetensors")) {
            assertThat(temp.resolve("a/checkpoints/latest").resolve(file))
                    .hasSameBinaryContentAs(temp.resolve("b/checkpoints/latest").resolve(file));
        }
        assertThat(temp.resolve("a/samples.png")).hasSameBinaryContentAs(temp.resolve("b/samples.png"));
    }

    @Test
    void aFrozenPartDoesNotMove() {
        var fuseOnly = minimal("stages.joint.learning_rate={dit: 1e-3}", "stages.joint.losses={flow: {}}",
                "checkpoints.keep=9");
        try (var run = new TrainingRun(fuseOnly, RunFolder.create(temp.resolve("run"), fuseOnly.canonical()), Interrupts.none(),
                ProgressLine.silent())) {
            var weights = run.bundle().weights();
            var llm = weights.parameter("llm.layers.0.mlp.up_proj.weight").master();
            var dit = weights.parameter("dit.layers.0.mlp.up_proj.weight").master();
            var before = Map.of("llm", llm.copy(), "dit", dit.copy());
            run.run();
            assertThat(dit.sameValues(before.get("dit"))).isFalse();
            assertThat(llm.sameValues(before.get("llm"))).as("it learned in the stage 'text'").isFalse();
            var trained = llm.copy();
            try (var again = SavedModel.load(temp.resolve("run/checkpoints/step-5"))) {
                assertThat(again.bundle().weights().parameter("llm.layers.0.mlp.up_proj.weight").master().sameValues(trained))
                        .as("between step 5 and the end only the DiT learned").isTrue();
            }
        }
    }

    @Test
    void aSignalSavesAndAUsableModelIsLeft() {
        var interrupts = Interrupts.none();
        interrupts.raise("TERM");
        var stopped = catchThrowableOfType(Interrupted.class, () -> train(minimal(), temp.resolve("run"), interrupts));
        assertThat(stopped.status()).isEqualTo(143);
        assertThat(stopped.checkpoint()).isEqualTo(temp.resolve("run/checkpoints/step-1"));
        try (var loaded = SavedModel.load(temp.resolve("run"))) {
            var sampler = ImageSampler.of(loaded.recipe(), loaded.bundle());
            assertThat(sampler.sample(List.of(new ImageSampler.SeededPrompt("a red circle", Seed.of(1)))).getFirst()).hasSize(32 * 32 * 3);
        }
    }

    /// A preview shows what `sample` will show.
    @Test
    void theSavedModelSamplesWhatTheRunSampled() {
        var recipe = minimal("run.precision=bf16");
        var seededPrompts = List.of(new ImageSampler.SeededPrompt("a red circle", Seed.of(1)),
                new ImageSampler.SeededPrompt("two blue squares", Seed.of(2)));
        byte[] sampled;
        try (var run = new TrainingRun(recipe, RunFolder.create(temp.resolve("run"), recipe.canonical()), Interrupts.none(),
                ProgressLine.silent())) {
            run.run();
            sampled = run.withSampledWeights(() -> ImageSampler.of(recipe, run.bundle()).sample(seededPrompts)).getLast();
        }
        try (var loaded = SavedModel.load(temp.resolve("run"))) {
            assertThat(ImageSampler.of(loaded.recipe(), loaded.bundle()).sample(seededPrompts).getLast()).isEqualTo(sampled);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "bf16", "f16", "pure-bf16"})
    void aPreviewIsWhatTheCheckpointOfItsStepSamples(String precision) throws IOException {
        var run = temp.resolve("run");
        train(minimal("run.precision=" + precision, "checkpoints={every: 6, keep: 9}"), run, Interrupts.none());
        var prompts = Files.readAllLines(run.resolve("previews/prompts.txt"));
        generate(run.resolve("checkpoints/step-6"), prompts, temp.resolve("drawn.png"));
        var dtype = precision.equals("f32") ? DType.F32 : precision.equals("f16") ? DType.F16 : DType.BF16;
        if (PathChoice.LINEAR.dtype(dtype, Device.CPU) == dtype) {
            assertThat(images(temp.resolve("drawn.png"))).isEqualTo(images(run.resolve("previews/step-000006.png")));
        } else { // weights are turned to f32 once, and nothing is rounded between products
            assertThat(distance(temp.resolve("drawn.png"), run.resolve("previews/step-000006.png"))).isLessThan(1);
        }
        generate(run.resolve("checkpoints/step-7"), prompts, temp.resolve("a new folder/later.png"));
        assertThat(Files.mismatch(temp.resolve("a new folder/later.png"), temp.resolve("drawn.png"))).as("a step changes it")
                .isNotNegative();
    }

    /// The pixels of a preview's images: a preview also has frames that tell which captions came true.
    private static int[] images(Path grid) throws IOException {
        BufferedImage all = ImageIO.read(grid.toFile());
        return IntStream.range(0, Showcase.PREVIEW).flatMap(i -> IntStream.of(all.getRGB(10 + 138 * i, 10, 128, 128, null, 0, 128)))
                .toArray();
    }

    /// Mean difference of two images' numbers, in 255ths.
    private static double distance(Path a, Path b) throws IOException {
        int[] left = images(a), right = images(b);
        return IntStream.range(0, 3 * left.length)
                .map(i -> Math.abs((left[i / 3] >> 8 * (i % 3) & 0xFF) - (right[i / 3] >> 8 * (i % 3) & 0xFF))).average().orElseThrow();
    }

    /// As `sample` does it.
    private static void generate(Path checkpoint, List<String> prompts, Path out) {
        try (var _ = TensorScope.open(); var loaded = SamplingModel.open(checkpoint)) {
            SampleRun.of(loaded, loaded.defaults().request(prompts).seed(Seed.of(Showcase.SEED)), checkpoint).write(out);
        }
    }

    /// Libtorch's meta device, whose tensors have no numbers: all of sampling but the bytes of the pixels.
    @Test
    void aRunAndItsPipelineSampleOnAnotherDeviceThanItsOwn() throws IOException {
        MetaKernels.register();
        train(minimal("run.precision=bf16"), temp.resolve("run"), Interrupts.none());
        ModelExport.write(ModelExport.Form.DIFFUSERS, temp.resolve("run"), temp.resolve("pipeline"), null, null);
        for (var place : List.of("run", "pipeline")) {
            try (var _ = TensorScope.open();
                    var loaded = SamplingModel.open(temp.resolve(place), Optional.of(Device.META));
                    var placement = Placement.watch()) {
                var sampled = loaded.pipeline().generate(loaded.defaults().request(List.of("a red circle")));
                assertThat(sampled.pixels_B3HW().device()).as(place).isEqualTo(Device.META);
                assertThat(placement.mixed()).as(place).isEmpty();
            }
        }
    }

    @Test
    void aRunThatDivergesSavesWhatItHadBefore() throws IOException {
        var wild = minimal("stages.fuse.learning_rate.dit=1e30", "checkpoints.keep=9", "stages.fuse.batch=4");
        var run = temp.resolve("run");
        var thrown = catchThrowableOfType(DivergedException.class, () -> train(wild, run, Interrupts.none()));
        assertThat(thrown).hasMessageContaining("stage 'fuse'");
        assertThat(Checkpoint.open(Checkpoints.find(run)).step()).isEqualTo(thrown.stepsDone()).isPositive();
        assertThat(MetricsLog.rows(run.resolve("metrics.jsonl")).getLast()).containsEntry("step", (int) thrown.stepsDone());
    }

    @Test
    void aLossThatIsNoNumberStopsTheRunAndNamesTheStep() {
        var wild = minimal("stages.fuse.learning_rate.dit=1e30", "stages.text.learning_rate.llm=1e30");
        assertThatThrownBy(() -> train(wild, temp.resolve("run"), Interrupts.none())).isInstanceOf(DivergedException.class)
                .hasMessageContaining("stage 'text'").hasMessageContaining("at step");
    }

    @Test
    void whatIsNoModelIsRefusedWithASentence() throws IOException {
        assertThatThrownBy(() -> SavedModel.load(temp)).isInstanceOf(UserError.class).hasMessageContaining("holds no checkpoint");
        assertThatThrownBy(() -> SavedModel.load(temp.resolve("none"))).isInstanceOf(UserError.class)
                .hasMessageContaining("no such folder");
        var file = Files.writeString(temp.resolve("model.safetensors"), "x");
        assertThatThrownBy(() -> SavedModel.load(file)).isInstanceOf(UserError.class).hasMessageContaining("is a file");
    }
}
