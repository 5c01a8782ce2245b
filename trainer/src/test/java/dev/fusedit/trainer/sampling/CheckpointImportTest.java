package dev.fusedit.trainer.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.fusion.pipeline.PipelineFolder;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.model.StartingWeights;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.sampling.CheckpointImport.Description;
import dev.fusedit.trainer.sampling.CheckpointImport.Places;
import dev.fusedit.trainer.stage.TinyStage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Round trips between a model's folders and the files of others.
@ExtendWith(NoTensorLeaks.class)
class CheckpointImportTest {
    /// What the paper's own classes saved (`saved_pipelines.py`).
    private static final Path SAVED = Path.of("../fusion/src/test/resources/saved_pipelines");
    private static final WordTokenizer WORDS = WordTokenizer.of(List.of("a", "red", "circle", "blue"));
    private static final Description FILES = new Description.Files(null);

    @TempDir
    Path temp;

    private final List<String> said = new ArrayList<>();
    private Path baseline, fused;

    /// With a tokenizer that is read here; theirs is of a class of SentencePiece models that no published one is of.
    @BeforeEach
    void savedPipelines() throws IOException {
        baseline = saved("baseline-dit");
        fused = saved("fuse-dit");
    }

    private Path saved(String name) throws IOException {
        var folder = copy(SAVED.resolve(name), temp.resolve("saved").resolve(name));
        delete(folder.resolve("tokenizer"));
        Files.createDirectory(folder.resolve("tokenizer"));
        Files.writeString(folder.resolve("tokenizer/tokenizer.json"), WORDS.toLibraryJson());
        return folder;
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (var file : files.toList()) Files.delete(file);
        }
        Files.delete(folder);
    }

    private Path imported(Path from, Description by, Places places) {
        var out = temp.resolve("out-" + System.nanoTime());
        new CheckpointImport(from, by, places, said::add).write(out, null);
        return out;
    }

    /// As its defaults say, in fewer steps.
    private static float[] image(LoadedPipeline model) {
        try (var _ = TensorScope.open()) {
            return model.pipeline().generate(model.defaults().request(List.of("a red circle")).steps(3).seed(Seed.of(7))).pixels_B3HW()
                    .toFloats();
        }
    }

    private static float[] image(Path folder) {
        try (var model = SamplingModel.open(folder)) {
            return image(model);
        }
    }

    private static Path copy(Path folder, Path to) throws IOException {
        Files.createDirectories(to);
        try (var files = Files.walk(folder)) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                var target = to.resolve(folder.relativize(file).toString());
                Files.createDirectories(target.getParent());
                Files.copy(file, target);
            }
        }
        return to;
    }

    private static Places places(@Nullable Path llm, @Nullable Path vae, @Nullable Path tokenizer) {
        return new Places(llm, vae, null, tokenizer);
    }

    // ---- the reference's checkpoints

    /// As its trainers leave it: the image side alone in zstd, wrapped names, `config.json` in the folder above.
    private Path loneAverage() throws IOException {
        var step = Files.createDirectories(temp.resolve("checkpoints/800"));
        Files.copy(baseline.resolve("transformer/config.json"), step.resolveSibling("config.json"));
        try (var file = CheckpointImportTest.class.getResourceAsStream("/starting/baseline.pt.zst")) {
            Files.copy(file, step.resolve("ema.pt.zst"));
        }
        return step.resolve("ema.pt.zst");
    }

    @Test
    void aBaselinesLoneAverageSamplesAsItsPipelineOnceItsLanguageModelIsGiven() throws IOException {
        var file = loneAverage();
        var out = imported(file, FILES, places(baseline.resolve("llm"), baseline, baseline.resolve("tokenizer")));
        assertThat(image(out)).isEqualTo(image(baseline));
        assertThat(said).contains("weights: " + file).anyMatch(line -> line.contains("checkpoints/config.json"))
                .anyMatch(line -> line.startsWith("scheduler: the paper's"));
        assertThat(
                imported(file.getParent(), FILES, places(baseline.resolve("llm"), baseline.resolve("vae"), baseline.resolve("tokenizer"))))
                .as("the folder of the file").satisfies(other -> assertThat(image(other)).isEqualTo(image(baseline)));
    }

    @Test
    void allThatIsMissingIsToldWithWhatGivesIt() throws IOException {
        var file = loneAverage();
        assertThatThrownBy(() -> imported(file, FILES, Places.NONE)).isInstanceOf(UserError.class)
                .hasMessageContainingAll(file.toString(), "--vae", "--llm", "--tokenizer").message().doesNotContain("--clip");
        assertThatThrownBy(() -> imported(SAVED.resolve("fuse-dit-clip/transformer"), FILES, Places.NONE))
                .hasMessageContainingAll("--vae", "--clip", "--tokenizer").message().doesNotContain("--llm PLACE");
        assertThatThrownBy(() -> imported(file, FILES, places(temp.resolve("none"), null, null))).hasMessageContaining("--llm")
                .hasMessageContaining("none is not there");
        Files.writeString(file.getParent().resolveSibling("config.json"), "{\"model_type\": \"gemma\"}");
        assertThatThrownBy(() -> imported(file, FILES, Places.NONE)).as("what lies above may be of something else")
                .hasMessageContainingAll("says nothing of its model", "--config", "--recipe", "--reference-config");
        var config = new Description.Files(baseline.resolve("transformer/config.json"));
        assertThatThrownBy(() -> imported(file, config, Places.NONE)).as("given").hasMessageContaining("--vae");
        try (var folders = Files.list(temp)) {
            assertThat(folders.map(folder -> folder.getFileName().toString())).as("nothing half written")
                    .containsExactlyInAnyOrder("checkpoints", "saved");
        }
    }

    @Test
    void anotherLanguageModelThanTheBaselinesIsRefused() throws IOException {
        var llm = copy(baseline.resolve("llm"), temp.resolve("llm"));
        var config = JsonFile.object(llm.resolve("config.json"), "");
        Files.writeString(llm.resolve("config.json"), config.put("rope_theta", 77.0).toString());
        var file = loneAverage();
        assertThatThrownBy(() -> imported(file, FILES, places(llm, baseline, baseline.resolve("tokenizer")))).isInstanceOf(UserError.class)
                .hasMessageContainingAll("rope_theta: 77.0", "The two must be of one model");
    }

    @Test
    void aPipelineThatLacksAPartIsCompleted() throws IOException {
        var folder = copy(fused, temp.resolve("pipeline"));
        delete(folder.resolve("vae"));
        assertThatThrownBy(() -> imported(folder, FILES, Places.NONE)).isInstanceOf(UserError.class).hasMessageContaining("--vae");
        assertThat(image(imported(folder, FILES, places(null, fused.resolve("vae"), null)))).isEqualTo(image(fused));
        assertThatThrownBy(() -> imported(fused, new Description.Files(temp), Places.NONE)).hasMessageContaining("leave --config");
    }

    // ---- by a recipe

    @Test
    void bareWeightsWithTheRecipeSampleAsTheRun() throws IOException {
        try (var tiny =
                TinyStage.of("sampling.steps=2", "sampling.solver=heun", "sampling.guidance=2", "sampling.guidance_interval=[0.2, 0.9]");
                var _ = TensorScope.open()) {
            var file = temp.resolve("bare.safetensors");
            SafeTensors.write(file, tiny.bundle.weights().state(), Map.of());
            var by = new Description.ByRecipe(tiny.recipe, false);
            var out = imported(file, by, Places.NONE);
            assertThat(image(out)).isEqualTo(image(RunPipeline.of(tiny.recipe, tiny.bundle)));
            assertThat(said).anyMatch(line -> line.contains("taken on trust"));
            try (var model = SamplingModel.open(out)) {
                assertThat(model.defaults()).isEqualTo(RunPipeline.Sampled.by(tiny.recipe).settings());
            }
            try (var model = SamplingModel.open(imported(file, new Description.ByRecipe(tiny.recipe, true), Places.NONE))) {
                assertThat(model.pipeline().scheduler()).as("of the reference's own configuration")
                        .isEqualTo(FlowMatchScheduler.shifted(tiny.recipe.sampling().shift()));
            }
            Files.copy(fused.resolve("transformer/config.json"), temp.resolve("config.json"));
            assertThatThrownBy(() -> imported(file, by, Places.NONE)).as("what lies beside is of another").isInstanceOf(UserError.class)
                    .hasMessageContainingAll("config.json is of another model", "dit_hidden_size");
        }
    }

    // ---- our own

    @ParameterizedTest
    @ValueSource(strings = {"joint", "shallow-cross"})
    void whatIsExportedAsSafetensorsIsImportedWithTheSameBits(String fusion) throws IOException {
        try (var tiny = TinyStage.of("model.fusion=" + fusion, "sampling.steps=2", "sampling.guidance=2"); var _ = TensorScope.open()) {
            var model = RunPipeline.of(tiny.recipe, tiny.bundle);
            var folder = temp.resolve("exported");
            PipelineFolder.writeModel(folder, model, null);
            try (var tensors = FolderTensors.open(folder)) {
                assertThat(tensors.names()).as("one file of the whole").containsExactlyInAnyOrderElementsOf(
                        tiny.bundle.weights().state().keySet());
            }
            assertThat(image(imported(folder, FILES, Places.NONE))).isEqualTo(image(model));
            assertThat(image(imported(folder.resolve("model.safetensors"), FILES, Places.NONE))).isEqualTo(image(model));
            begins(tiny, folder);
        }
    }

    /// Training begins with it too.
    private static void begins(TinyStage tiny, Path folder) {
        var recipe = Recipe.parse(tiny.recipe.canonical(), "tiny", List.of("weights.model=" + folder));
        var starting = StartingWeights.of(recipe, _ -> {});
        try (ModelBundle bundle = starting.bundle(tiny.bundle.tokenizer(), DTypePolicy.F32, Seed.of(9))) {
            starting.read(bundle);
            var wanted = tiny.bundle.weights().state();
            bundle.weights().state().forEach((name, value) -> assertThat(value.sameValues(wanted.get(name))).as(name).isTrue());
        }
    }

    @Test
    void anExportForThePapersCodeSamplesAsThatDoes() throws IOException {
        var folder = copy(fused, temp.resolve("ours"));
        var scheduler = folder.resolve("scheduler/scheduler_config.json");
        Files.writeString(scheduler, JsonFile.object(scheduler, "").put("spacing", "even").toString());
        var index = JsonFile.object(folder.resolve("model_index.json"), "");
        index.putObject("_fusedit").put("height", 32).put("width", 32).put("steps", 28).put("guidance", 6).put("batch", 16)
                .put("solver", "heun");
        Files.writeString(folder.resolve("model_index.json"), index.toString());
        assertThat(image(folder)).isNotEqualTo(image(fused));
        var out = temp.resolve("reference");
        assertThat(ModelExport.write(ModelExport.Form.REFERENCE, folder, out, null, null)).as("Python passes over nothing").isEmpty();
        assertThat(image(out)).isEqualTo(image(fused));
    }

    @Test
    void whatThePapersCodeCannotSampleIsNotWrittenForIt() throws IOException {
        try (var tiny = TinyStage.of(); var _ = TensorScope.open()) {
            var folder = temp.resolve("pixels");
            PipelineFolder.writeNew(folder, RunPipeline.of(tiny.recipe, tiny.bundle), DType.F32);
            var out = temp.resolve("reference");
            assertThatThrownBy(() -> ModelExport.write(ModelExport.Form.REFERENCE, folder, out, null, null)).isInstanceOf(UserError.class)
                    .hasMessageContainingAll("no vae/", "--to diffusers");
            assertThat(out).doesNotExist();
            assertThatThrownBy(() -> ModelExport.write(ModelExport.Form.PEFT, folder, out, null, null))
                    .hasMessageContaining("is a pipeline");
        }
    }

    // ---- what needs an import, and what does not

    @Test
    void whereBareWeightsAreGivenForAModelTheImportIsNamed() throws IOException {
        var file = loneAverage();
        for (var place : List.of(file, fused.resolve("transformer"), fused.resolve("transformer/model.safetensors"))) {
            assertThatThrownBy(() -> SamplingModel.open(place, Optional.empty())).isInstanceOf(UserError.class)
                    .hasMessageContaining("import " + place + " --out DIR");
        }
        assertThatThrownBy(() -> SamplingModel.open(temp.resolve("none"))).hasMessageContaining("no such folder");
        assertThatThrownBy(() -> imported(temp.resolve("none"), FILES, Places.NONE)).hasMessageContaining("no such file or folder");
    }
}
