package dev.fusedit.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.checkpoint.Content;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.model.SavedModel;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import dev.fusedit.trainer.sampling.ModelExport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Checkpoints refer to what a run reads from files and never changes.
@ExtendWith(NoTensorLeaks.class)
class ReferencesTest {
    private static final String RECIPE = """
        run: {name: referring, seed: 3, precision: f32, lanes: 1}
        model:
          llm: {family: llama, width: 32, layers: 2, heads: 2, kv_heads: 1, head_width: 16, mlp_width: 64, max_tokens: 16}
          dit: {width: 16, layers: 2, mlp_width: 32, patch: 8}
          prediction: clean
        data: {kind: blocks}
        stages:
          - {name: fuse, steps: 6, batch: 2, lr: {dit: 1e-3}, ema: {decay: 0.5}, losses: {flow: {}}}
        sampling: {steps: 1, guidance: 1}
        evaluation: {sets: [seen], prompts_per_kind: 1}
        checkpoints: {every: 2, keep: 9}
        """;
    private static final String CONFIG = """
        {"model_type": "llama", "vocab_size": %d, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
         "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16, "rms_norm_eps": 1e-6, "rope_theta": 500000.0}
        """;

    @TempDir
    private Path temp;

    private Path model;

    private Recipe recipe(String... settings) {
        var all = new ArrayList<>(List.of("weights.llm=" + model));
        all.addAll(List.of(settings));
        return Recipe.parse(RECIPE, "referring.yaml", all);
    }

    /// A language model's folder, with the weights of a run of another seed.
    @BeforeEach
    void aLanguageModel() throws IOException {
        model = Files.createDirectories(temp.resolve("llama"));
        var recipe = Recipe.parse(RECIPE, "r.yaml", List.of("run.seed=4"));
        try (var folder = RunFolder.create(temp.resolve("source"), recipe.canonical());
                var run = new TrainingRun(recipe, folder, Interrupts.none(), ProgressLine.silent())) {
            var weights = new LinkedHashMap<String, Tensor>();
            run.bundle().weights().state().forEach((name, value) -> {
                if (name.startsWith("llm.")) weights.put("model." + name.substring("llm.".length()), value);
            });
            SafeTensors.write(model.resolve("model.safetensors"), weights, Map.of());
            Files.writeString(model.resolve("config.json"), CONFIG.formatted(weights.get("model.embed_tokens.weight").size(0)));
        }
    }

    private static Outcome train(Recipe recipe, Path folder, Resume resume, long upTo) {
        try (var start = RunStart.in(folder, recipe, resume, _ -> {}, RunLength::asWritten);
                var run = new TrainingRun(start, Interrupts.none(), ProgressLine.silent())) {
            return run.run(upTo);
        }
    }

    private static Set<String> held(Path run, long step) {
        try (var file = SafeTensors.open(run.resolve("checkpoints/step-" + step + "/model.safetensors"))) {
            return file.names();
        }
    }

    private void assertLoads(Path place, DType rounded) {
        try (var loaded = SavedModel.load(place);
                var file = SafeTensors.open(model.resolve("model.safetensors"));
                var _ = TensorScope.open()) {
            loaded.bundle().weights().state().forEach((name, value) -> {
                if (name.startsWith("llm.")) {
                    var theirs = file.read("model." + name.substring("llm.".length()));
                    assertThat(value.to(DType.F32).sameValues(theirs.shape().length > 1 ? theirs.to(rounded).to(DType.F32) : theirs))
                            .as(name).isTrue();
                }
            });
        }
    }

    @Test
    void aFrozenLanguageModelIsReferredToAndReadAgain() throws IOException {
        var whole = temp.resolve("whole");
        train(recipe(), whole, Resume.AUTO, 6);
        assertThat(held(whole, 6)).noneMatch(name -> name.startsWith("llm.")).anyMatch(name -> name.startsWith("dit."));
        assertThat(whole.resolve("checkpoints/step-6/references.json")).content().contains("\"key\" : \"weights.llm\"", "model.safetensors",
                "config.json", "\"sha256\" : \"");
        assertLoads(whole, DType.F32);

        var parts = temp.resolve("parts");
        for (long step : new long[] {1, 4, 6}) train(recipe(), parts, Resume.AUTO, step);
        for (var file : List.of("model.safetensors", "ema.safetensors", "optimizer.safetensors", "state.json")) {
            assertThat(parts.resolve("checkpoints/step-6").resolve(file))
                    .hasSameBinaryContentAs(whole.resolve("checkpoints/step-6").resolve(file));
        }
        assertThat(CheckpointHash.of(parts).whole()).isEqualTo(CheckpointHash.of(whole).whole());
        assertThat(CheckpointHash.of(whole).parts()).containsKey("references.json");
    }

    /// What trained on rounded weights samples with rounded ones, whatever it computes in.
    @Test
    void weightsAreRoundedAsTheRunHadThem() {
        train(recipe("run.precision=bf16"), temp.resolve("run"), Resume.AUTO, 2);
        assertLoads(temp.resolve("run"), DType.BF16);
    }

    @Test
    void anExportIsWhole() {
        train(recipe(), temp.resolve("run"), Resume.AUTO, 6);
        ModelExport.write(ModelExport.Form.DIFFUSERS, temp.resolve("run"), temp.resolve("pipeline"), null, null);
        try (var file = FolderTensors.open(temp.resolve("pipeline"))) {
            assertThat(file.names()).contains("transformer.llm.layers.1.mlp.up_proj.weight", "transformer.llm.embed_tokens.weight");
        }
    }

    @Test
    void anotherRunBeginsWithTheWholeOfIt() throws IOException {
        train(recipe(), temp.resolve("run"), Resume.AUTO, 6);
        var next = Recipe.parse(RECIPE, "r.yaml", List.of("weights.model=" + temp.resolve("run")));
        train(next, temp.resolve("next"), Resume.AUTO, 2);
        assertThat(held(temp.resolve("next"), 2)).as("runs come and go: this one is copied").anyMatch(name -> name.startsWith("llm."));
        assertThat(temp.resolve("next/checkpoints/step-2/references.json")).doesNotExist();
    }

    // ---- where it is

    @Test
    void whatIsMissingIsRefusedByNameAndFoundAtANewPlace() throws IOException {
        var run = temp.resolve("run");
        train(recipe(), run, Resume.AUTO, 2);
        var old = recipe();
        var elsewhere = temp.resolve("elsewhere");
        Files.move(model, elsewhere);
        for (Runnable use : List.<Runnable>of(() -> SavedModel.load(run), () -> train(old, run, Resume.AUTO, 4),
                () -> CheckpointHash.of(run), () -> SavedModel.tensors(run),
                () -> ModelExport.write(ModelExport.Form.DIFFUSERS, run, temp.resolve("out"), null, null))) {
            assertThatThrownBy(use::run).isInstanceOf(UserError.class).hasMessageContaining(model.toString())
                    .hasMessageContaining("--set weights.llm=PLACE");
        }
        model = elsewhere;
        assertThat(train(recipe(), run, Resume.AUTO, 4)).isInstanceOf(Outcome.Paused.class);
        assertThat(run.resolve("checkpoints/step-4/references.json")).content().contains(elsewhere.toString()).doesNotContain("llama\"");
        assertLoads(run, DType.F32);
        assertThatThrownBy(() -> train(recipe("run.seed=9"), run, Resume.AUTO, 6)).as("all else is another recipe")
                .hasMessageContaining("run.seed").message().doesNotContain("weights.llm");
    }

    @Test
    void anotherModelInItsPlaceIsRefused() throws IOException {
        var run = temp.resolve("run");
        train(recipe(), run, Resume.AUTO, 2);
        var file = model.resolve("model.safetensors");
        var bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertThatThrownBy(() -> train(recipe(), run, Resume.FORCE, 4)).isInstanceOf(UserError.class)
                .hasMessageContaining(file + " begins with other bytes").hasMessageContaining("Put that back");
        assertThatThrownBy(() -> SavedModel.load(run)).isInstanceOf(UserError.class).hasMessageContaining(file.toString());
    }

    /// The recipe names the place from where the process was started, so it names another one after the move.
    @Test
    void aModelInsideTheRunMovesWithIt() throws IOException {
        var run = temp.resolve("run");
        train(recipe(), run, Resume.AUTO, 2);
        Files.move(model, run.resolve("llama"));
        model = run.resolve("llama");
        train(recipe(), run, Resume.AUTO, 4);
        Files.move(run, temp.resolve("moved"));
        var recipe = recipe();
        model = temp.resolve("moved/llama");
        assertLoads(temp.resolve("moved"), DType.F32);
        assertThat(train(recipe, temp.resolve("moved"), Resume.AUTO, 5)).isInstanceOf(Outcome.Paused.class);
    }

    /// A teacher is read by every step that it acts on, and its own run may go on.
    @Test
    void aTeacherThatHasBecomeAnotherIsRefusedInTrainingAlone() {
        var tiny = TeacherRecipe.find("blocks-teacher", List.of("teacher={width: 16, layers: 1, heads: 2, patch: 8}", "learning.steps=4",
                "learning.warm_up=1", "learning.batch=4", "checkpoints={every: 2, keep: 9}", "probes={fitted: 30, judged: 20}"));
        var teacher = temp.resolve("teacher");
        teach(tiny, teacher, 2);
        var aligned = recipe("stages.fuse.losses.repa={teacher: {kind: trained, path: %s}, layer: 1, width: 16}".formatted(teacher));
        var run = temp.resolve("run");
        train(aligned, run, Resume.AUTO, 2);
        train(aligned, run, Resume.AUTO, 3);
        teach(tiny, teacher, 3);
        assertThatThrownBy(() -> train(aligned, run, Resume.AUTO, 4)).isInstanceOf(UserError.class)
                .hasMessageContaining("begins with other bytes").hasMessageContaining("stages.fuse.losses.repa.teacher.path");
        assertLoads(run, DType.F32);
        var before = recipe("stages.fuse.losses.repa={teacher: {kind: trained, path: %s}, layer: 1, width: 16}"
                .formatted(teacher.resolve("checkpoints/step-2")));
        assertThat(train(before, run, Resume.AUTO, 4)).isInstanceOf(Outcome.Paused.class);
    }

    private static void teach(TeacherRecipe recipe, Path folder, long upTo) {
        try (var start = TeacherStart.in(folder, recipe, Resume.AUTO, _ -> {});
                var run = new TeacherRun(start, Interrupts.none(), ProgressLine.silent())) {
            run.run(upTo);
        }
    }

    // ---- what learns after all, and what earlier versions wrote

    @Test
    void whatIsTrainedLaterIsHeldFromThenOn() throws IOException {
        var run = temp.resolve("run");
        train(recipe(), run, Resume.AUTO, 2);
        var upper = new String[] {"stages.fuse.groups.upper={part: llm, layers: [1, 1]}", "stages.fuse.lr.upper=1e-3",
            "stages.fuse.losses.language={weight: 0.1}"};
        train(recipe(upper), run, Resume.FORCE, 4);
        assertThat(held(run, 4)).contains("llm.layers.1.mlp.up_proj.weight").doesNotContain("llm.layers.0.mlp.up_proj.weight");
        assertThat(train(recipe(upper), run, Resume.AUTO, 5)).isInstanceOf(Outcome.Paused.class);
    }

    @Test
    void aCheckpointThatHoldsAllGoesOn() throws IOException {
        var run = temp.resolve("run");
        train(recipe(), run, Resume.AUTO, 2);
        var files = new LinkedHashMap<String, Content>();
        var checkpoint = Checkpoint.open(run.resolve("checkpoints/step-2"));
        for (var name : checkpoint.names()) files.put(name, Content.of(Files.readAllBytes(checkpoint.file(name))));
        try (var loaded = SavedModel.load(run);
                var own = SafeTensors.open(checkpoint.file("model.safetensors"));
                var _ = TensorScope.open()) {
            var all = new LinkedHashMap<>(loaded.bundle().weights().state());
            own.names().forEach(name -> all.put(name, own.read(name)));
            SafeTensors.write(temp.resolve("whole.safetensors"), all, Map.of("format", "pt"));
        }
        files.remove("references.json");
        files.put("model.safetensors", Content.of(Files.readAllBytes(temp.resolve("whole.safetensors"))));
        var old = temp.resolve("old");
        RunFolder.create(old, recipe().canonical()).close();
        new Checkpoints(old.resolve("checkpoints"), 9).save(2, files);
        assertLoads(old, DType.F32);
        train(recipe(), old, Resume.AUTO, 6);
        train(recipe(), run, Resume.AUTO, 6);
        assertThat(held(old, 6)).anyMatch(name -> name.startsWith("llm."));
        assertThat(old.resolve("checkpoints/step-6/optimizer.safetensors"))
                .hasSameBinaryContentAs(run.resolve("checkpoints/step-6/optimizer.safetensors"));
    }
}
