package dev.fusedit.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.fusion.dit.ModelConfigJson;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.RopeScaling;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.nn.Activation;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.LoraAdapter;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.model.SavedModel;
import dev.fusedit.trainer.model.StartingWeights;
import dev.fusedit.trainer.recipe.Recipe;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a run begins with: files, in each of their forms.
@ExtendWith(NoTensorLeaks.class)
class StartingWeightsTest {
    private static final String RECIPE = """
        run: {name: begun, seed: 3, precision: f32, lanes: 2}
        model:
          llm: {width: 8, layers: 1, heads: 1, kv_heads: 1, head_width: 8, mlp_width: 16, max_tokens: 16}
          dit: {width: 8, layers: 1, mlp_width: 16, patch: 8}
          prediction: clean
        data: {kind: blocks}
        stages:
          - {name: fuse, steps: 2, batch: 2, lr: {dit: 1e-3}, ema: {decay: 0.5}, losses: {flow: {}}}
        sampling: {steps: 1, guidance: 1}
        evaluation: {sets: [seen], prompts_per_kind: 1}
        """;
    private static final JsonMapper JSON = new JsonMapper();
    private static final String CONFIG = """
        {"model_type": "gemma", "vocab_size": %d, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2,
         "num_attention_heads": 1, "num_key_value_heads": 1, "head_dim": 8, "rms_norm_eps": 1e-6, "rope_theta": 10000.0}
        """;

    @TempDir
    private Path temp;

    private static Recipe recipe(String... settings) { return Recipe.parse(RECIPE, "begun.yaml", List.of(settings)); }

    /// Looks at a run's weights before its first step.
    private void begin(Consumer<Map<String, Tensor>> look, String... settings) {
        var recipe = recipe(settings);
        try (var folder = RunFolder.create(temp.resolve("run-" + System.nanoTime()), recipe.canonical());
                var run = new TrainingRun(recipe, folder, Interrupts.none(), ProgressLine.silent())) {
            look.accept(run.bundle().weights().state());
        }
    }

    private Map<String, Tensor> begun(String... settings) {
        var copies = new TreeMap<String, Tensor>();
        begin(state -> state.forEach((name, value) -> copies.put(name, copied(value))), settings);
        return copies;
    }

    /// Made in the scope of the run, kept for the test's.
    private Tensor copied(Tensor value) { return kept.hold(value.copy()); }

    private final TensorScope kept = TensorScope.holding();

    private void assertEqual(Map<String, Tensor> actual, Map<String, Tensor> expected) {
        assertThat(actual).containsOnlyKeys(expected.keySet());
        expected.forEach((name, value) -> assertThat(actual.get(name).sameValues(value)).as(name).isTrue());
    }

    private Path write(String file, Map<String, Tensor> tensors) throws IOException {
        var path = temp.resolve(file);
        Files.createDirectories(path.getParent());
        SafeTensors.write(path, tensors, Map.of());
        return path;
    }

    private void test(Body body) throws Exception {
        try (kept; var _ = TensorScope.open()) {
            body.run();
        }
    }

    private interface Body {
        void run() throws Exception;
    }

    // ---- whole models

    /// The file is by `src/test/python/reference_average.py`.
    @Test
    void theReferencesEmaIsRead() throws Exception {
        test(() -> {
            var begun = begun("weights.model=" + resource("starting/ema.pt.zst"));
            int k = 0;
            for (var tensor : begun.values()) {
                var values = tensor.toFloats();
                for (int i = 0; i < values.length; i++) assertThat(values[i]).isEqualTo(i % 251 / 16f - k);
                k++;
            }
        });
    }

    @Test
    void namesInWrappingsAreFound() throws Exception {
        test(() -> {
            var other = begun("run.seed=4");
            var wrapped = new LinkedHashMap<String, Tensor>();
            other.forEach(
                    (name, value) -> wrapped.put("module." + name.replace("layers.0.", "layers.0._checkpoint_wrapped_module."), value));
            assertEqual(begun("weights.model=" + write("model.safetensors", wrapped)), other);
        });
    }

    @Test
    void anotherRunsWeightsAreThoseThatItSamplesWith() throws Exception {
        test(() -> {
            var recipe = recipe("run.seed=4");
            var folder = temp.resolve("other");
            Map<String, Tensor> sampled = new TreeMap<>();
            try (var run =
                    new TrainingRun(recipe, RunFolder.create(folder, recipe.canonical()), Interrupts.none(), ProgressLine.silent())) {
                run.run();
                run.withSampledWeights(() -> {
                    run.bundle().weights().state().forEach((name, value) -> sampled.put(name, copied(value)));
                    return sampled;
                });
            }
            assertEqual(begun("weights.model=" + folder), sampled);
            assertEqual(begun("weights.model=" + folder.resolve("checkpoints/step-2")), sampled);
        });
    }

    @Test
    void aPipelinesTransformerIsRead() throws Exception {
        test(() -> {
            var other = begun("run.seed=4");
            writePipeline(other);
            assertEqual(begun("weights.model=" + temp.resolve("pipeline")), other);
        });
    }

    /// The image side in one file, without a prefix, the language model in another.
    @ParameterizedTest
    @ValueSource(strings = {"{kind: shallow-cross, hidden_state: -1}", "dual-stream"})
    void theTwoFilesOfAShallowModelAreRead(String kind) throws Exception {
        var fusion = "model.fusion=" + kind;
        test(() -> {
            var other = begun("run.seed=4", fusion);
            writePipeline(below(other, "dit.", ""), fusion);
            writeLanguageModel(temp.resolve("pipeline/llm"), below(other, "llm.", "model."), 1);
            assertEqual(begun("weights.model=" + temp.resolve("pipeline"), fusion), other);
            assertThatThrownBy(() -> begun("weights.model=" + temp.resolve("pipeline/transformer/model.safetensors"), fusion))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("holds the image side alone");
        });
    }

    /// The transformer in a pipeline's folder, with what an export says of it.
    private void writePipeline(Map<String, Tensor> transformer, String... settings) throws IOException {
        write("pipeline/transformer/model.safetensors", transformer);
        try (var run = begun(recipe(settings))) {
            Files.writeString(temp.resolve("pipeline/transformer/config.json"),
                    ModelConfigJson.json(run.bundle().model().config()).toString());
        }
        Files.createDirectories(temp.resolve("pipeline/scheduler"));
        Files.writeString(temp.resolve("pipeline/scheduler/scheduler_config.json"),
                "{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\", \"prediction_type\": \"sample\"}");
        Files.writeString(temp.resolve("pipeline/model_index.json"), "{}");
    }

    private TrainingRun begun(Recipe recipe) {
        return new TrainingRun(recipe, RunFolder.create(temp.resolve("run-" + System.nanoTime()), recipe.canonical()), Interrupts.none(),
                ProgressLine.silent());
    }

    private static Map<String, Tensor> below(Map<String, Tensor> all, String prefix, String instead) {
        var below = new LinkedHashMap<String, Tensor>();
        all.forEach((name, value) -> {
            if (name.startsWith(prefix)) below.put(instead + name.substring(prefix.length()), value);
        });
        return below;
    }

    // ---- language models

    @Test
    void aLanguageModelsFirstLayersAreReadAndNothingElseMoves() throws Exception {
        test(() -> {
            var own = begun();
            var other = begun("run.seed=4");
            var llm = below(other, "llm.", "model.");
            below(other, "llm.layers.0.", "model.layers.1.").forEach(llm::put); // one layer more than the fused model reads
            writeLanguageModel(temp.resolve("gemma"), llm, 2);
            var begun = begun("weights.llm=" + temp.resolve("gemma"));
            assertEqual(below(begun, "llm.", ""), below(other, "llm.", ""));
            assertEqual(below(begun, "dit.", ""), below(own, "dit.", ""));
        });
    }

    private void writeLanguageModel(Path folder, Map<String, Tensor> tensors, int layers) throws IOException {
        Files.createDirectories(folder);
        SafeTensors.write(folder.resolve("model.safetensors"), tensors, Map.of());
        long words = tensors.get("model.embed_tokens.weight").size(0);
        Files.writeString(folder.resolve("config.json"), CONFIG.formatted(words).replace("\"num_hidden_layers\": 2",
                "\"num_hidden_layers\": " + layers));
    }

    @Test
    void aFrozenLanguageModelIsStoredInWhatItComputesIn() throws Exception {
        test(() -> {
            var other = begun("run.seed=4");
            writeLanguageModel(temp.resolve("gemma"), below(other, "llm.", "model."), 1);
            begin(state -> {
                assertThat(state.get("llm.layers.0.mlp.up_proj.weight").dtype()).isEqualTo(DType.BF16);
                assertThat(state.get("dit.layers.0.mlp.up_proj.weight").dtype()).isEqualTo(DType.F32);
                assertThat(state.get("llm.layers.0.mlp.up_proj.weight").sameValues(
                        other.get("llm.layers.0.mlp.up_proj.weight").to(DType.BF16))).isTrue();
            }, "weights.llm=" + temp.resolve("gemma"), "run.precision=bf16");
        });
    }

    // ---- what files say of their model

    /// A language model's folder whose configuration says more, or other.
    private Path described(String... fields) throws IOException {
        var folder = temp.resolve("described");
        writeLanguageModel(folder, below(begun("run.seed=4"), "llm.", "model."), 1);
        var config = JsonFile.object(folder.resolve("config.json"), "");
        for (int i = 0; i < fields.length; i += 2) config.set(fields[i], JSON.readTree(fields[i + 1]));
        Files.writeString(folder.resolve("config.json"), config.toString());
        return folder;
    }

    private LanguageModelConfig built(String... settings) {
        try (var run = begun(recipe(settings))) {
            return run.bundle().model().llm().config();
        }
    }

    @Test
    void whatTheRecipeLeavesOpenIsTakenFromTheFileAndSaid() throws Exception {
        test(() -> {
            var llm = "weights.llm=" + described("rope_theta", "500000.0", "rms_norm_eps", "0.1", "hidden_activation", "\"gelu\"",
                    "rope_scaling", "{\"rope_type\": \"linear\", \"factor\": 8.0}");
            var text = built(llm);
            assertThat(text.ropeTheta()).isEqualTo(500_000);
            assertThat(text.normEps()).isEqualTo(0.1);
            assertThat(text.activation()).isEqualTo(Activation.GELU);
            assertThat(text.ropeScaling()).isEqualTo(new RopeScaling.Linear(8));
            var said = new ArrayList<String>();
            StartingWeights.of(recipe(llm), said::add).bundle(WordTokenizer.of(BlocksText.words()), DTypePolicy.F32, Seed.of(1)).close();
            assertThat(String.join(" ", said)).contains("config.json says: ", "rope_theta 500000.0", "rms_norm_eps 0.1",
                    "hidden_activation \"gelu\"", "rope_scaling.factor 8.0");
        });
    }

    @Test
    void whatWasTakenIsKeptWithTheWeights() throws Exception {
        test(() -> {
            var llm = "weights.llm=" + described("rope_theta", "500000.0");
            var folder = temp.resolve("kept");
            var recipe = recipe(llm);
            try (var run =
                    new TrainingRun(recipe, RunFolder.create(folder, recipe.canonical()), Interrupts.none(), ProgressLine.silent())) {
                run.run();
            }
            try (var loaded = SavedModel.load(folder)) {
                assertThat(loaded.bundle().model().llm().config().ropeTheta()).isEqualTo(500_000);
            }
            assertThat(built("weights.model=" + folder).ropeTheta()).as("a run that begins with it").isEqualTo(500_000);
        });
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "model_type | 'gemma2' | model_type: 'gemma2' in the file, 'gemma' in the recipe",
        "num_attention_heads | 2 | num_attention_heads: 2 in the file, 1 in the recipe",
        "hidden_size | 16 | hidden_size: 16 in the file, 8 in the recipe",
        "vocab_size | 4 | vocab_size: 4 in the file",
        "quantization_config | {'quant_method': 'awq'} | quantization_config: the weights are quantised (awq)",
        "num_hidden_layers | 3 | num_hidden_layers is 3, but the file holds the layers [0]"})
    void aLanguageModelOfAnotherDescriptionIsRefused(String field, String value, String message) throws Exception {
        test(() -> {
            var folder = described(field, value.replace('\'', '"'));
            assertThatThrownBy(() -> begin(_ -> {}, "weights.llm=" + folder)).isInstanceOf(UserError.class)
                    .hasMessageContaining(folder.toString()).hasMessageContaining(message.replace('\'', '"'));
        });
    }

    @Test
    void aHeadThatALanguageLossWouldNeedIsNotDropped() throws Exception {
        test(() -> {
            var folder = described("tie_word_embeddings", "false");
            assertThat(built("weights.llm=" + folder).tied()).as("no loss reads words").isTrue();
            var language = "stages.fuse.losses={flow: {}, language: {}}";
            var rates = "stages.fuse.lr={dit: 1e-3, llm: 1e-3}";
            assertThatThrownBy(() -> built("weights.llm=" + folder, language, rates)).isInstanceOf(UserError.class)
                    .hasMessageContaining("tie_word_embeddings: false in the file").hasMessageContaining("weights.accept: [head]");
            built("weights.llm=" + folder, language, rates, "weights.accept=[head]");
        });
    }

    @Test
    void aFoldersOwnTokenizerMustMakeTheSameTokens() throws Exception {
        test(() -> {
            var folder = described();
            Files.writeString(folder.resolve("tokenizer.json"), WordTokenizer.of(BlocksText.words()).toLibraryJson());
            built("weights.llm=" + folder);
            Files.writeString(folder.resolve("tokenizer.json"), WordTokenizer.of(List.of("red", "a", "circle")).toLibraryJson());
            assertThatThrownBy(() -> built("weights.llm=" + folder)).isInstanceOf(UserError.class).hasMessageContaining("tokenizer: ")
                    .hasMessageContaining("a red circle");
        });
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "model.llm.family=llama | model.llm.family: 'gemma' in the file, 'llama' in the recipe | ",
        "model.positions=1d | model.positions: '2d' in the file, '1d' in the recipe | positions",
        "model.prediction=velocity | model.prediction: 'clean' in the file, 'velocity' in the recipe | prediction",
        "model.time=addition | model.time: 'adaln-zero' in the file | "})
    void aRunOfAnotherModelIsRefusedUnlessThatIsMeant(String setting, String message, String word) throws Exception {
        test(() -> {
            var recipe = recipe();
            var folder = temp.resolve("other");
            try (var run =
                    new TrainingRun(recipe, RunFolder.create(folder, recipe.canonical()), Interrupts.none(), ProgressLine.silent())) {
                run.run();
            }
            for (var place : List.of(folder, folder.resolve("checkpoints/step-2/model.safetensors"))) {
                var model = "weights.model=" + place;
                built(model, "model.llm.max_tokens=12");
                assertThatThrownBy(() -> built(model, setting)).isInstanceOf(UserError.class).hasMessageContaining("recipe.yaml")
                        .hasMessageContaining(message.replace('\'', '"'));
                if (word != null) {
                    built(model, setting, "weights.accept=[%s]".formatted(word));
                }
            }
        });
    }

    /// Adapters begin anew over a run that has none, and go on over one that has them if they compute the same.
    @Test
    void aRunsAdaptersGoOnAndNewOnesChangeNothing() throws Exception {
        test(() -> {
            String plain = run("plain"), one = "model.adapters={llm: {rank: 2, alpha: 4}}";
            var weights = begun("weights.model=" + plain);
            var over = begun("weights.model=" + plain, one);
            assertThat(over.keySet()).anyMatch(LoraAdapter::isPart);
            over.keySet().removeIf(LoraAdapter::isPart);
            assertEqual(over, weights);

            var adapted = "weights.model=" + run("adapted", one);
            var b = "llm.layers.0.self_attn.q_proj.lora_B.weight";
            assertThat(begun(adapted, one, "model.adapters.llm.dropout=0.5", "model.adapters.dit.rank=3")).containsKeys(b,
                    b.replace("llm.", "dit."));
            for (var other : List.of("model.adapters.llm.alpha=8", "model.adapters.llm.rslora=true")) {
                assertThatThrownBy(() -> built(adapted, one, other)).isInstanceOf(UserError.class)
                        .hasMessageContaining("model.adapters.llm: \"rank 2, alpha 4\" in the file, \"rank 2, alpha ");
            }
            assertThatThrownBy(() -> built(adapted)).isInstanceOf(UserError.class)
                    .hasMessageContaining("model.adapters.llm: \"rank 2, alpha 4\" in the file");
        });
    }

    private String run(String name, String... settings) throws IOException {
        var recipe = recipe(settings);
        var folder = temp.resolve(name);
        try (var run = new TrainingRun(recipe, RunFolder.create(folder, recipe.canonical()), Interrupts.none(), ProgressLine.silent())) {
            run.run();
        }
        return folder.toString();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "model.positions=1d | pos_embed: '2d-rope' in the file, '1d-rope' in the recipe",
        "model.prediction=velocity | prediction_type: 'sample' in the file, 'velocity' in the recipe",
        "model.llm.family=llama | base_config.model_type: 'gemma' in the file, 'llama' in the recipe"})
    void aPipelineOfAnotherModelIsRefused(String setting, String message) throws Exception {
        test(() -> {
            writePipeline(begun("run.seed=4"));
            assertThatThrownBy(() -> built("weights.model=" + temp.resolve("pipeline"), setting)).isInstanceOf(UserError.class)
                    .hasMessageContaining(message.replace('\'', '"'));
        });
    }

    @Test
    void aPublishedModelWithoutWeightsIsRefused() {
        var named = "model.llm={kind: pretrained, name: google/gemma-2b, layers: 1}";
        assertThatThrownBy(() -> StartingWeights.requireGiven(recipe(named))).isInstanceOf(UserError.class)
                .hasMessageContaining("google/gemma-2b").hasMessageContaining("weights.llm").hasMessageContaining("'random'");
        assertThatThrownBy(() -> begin(_ -> {}, named)).isInstanceOf(UserError.class)
                .hasMessageContaining("does not say where its weights");
        StartingWeights.requireGiven(recipe(named, "weights.llm=random"));
        StartingWeights.requireGiven(recipe(named, "weights.llm=gemma"));
    }

    // ---- what does not fit

    @Test
    void allThatDoesNotFitIsInOneError() throws Exception {
        test(() -> {
            var other = begun("run.seed=4");
            var moved = other.remove("llm.norm.weight");
            other.put("llm.normal.weight", moved);
            other.put("dit.layers.0.mlp.up_proj.weight", Tensor.zeros(DType.F32, 3, 4));
            var file = write("model.safetensors", other);
            assertThatThrownBy(() -> begun("weights.model=" + file)).isInstanceOf(UserError.class).hasMessageContaining(file.toString())
                    .hasMessageContaining("1 missing (llm.norm.weight)").hasMessageContaining("1 not of this model (llm.normal.weight)")
                    .hasMessageContaining("dit.layers.0.mlp.up_proj.weight is [3, 4], not [16, 8]");
        });
    }

    @Test
    void whatIsNotThereIsNamed() {
        Stream.of("weights.model=" + temp.resolve("none"), "weights.llm=" + temp.resolve("none"))
                .forEach(setting -> assertThatThrownBy(() -> begin(_ -> {}, setting)).isInstanceOf(UserError.class)
                        .hasMessageContaining(temp.resolve("none").toString()));
    }

    private static Path resource(String name) throws URISyntaxException {
        return Path.of(StartingWeightsTest.class.getResource("/" + name).toURI());
    }
}
