package dev.fusedit.trainer.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.collect.Streams;
import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.LanguageModels;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.Adapters;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.LoraAdapter;
import dev.fusedit.nn.LoraConfig;
import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.model.PeftFolders;
import dev.fusedit.trainer.plan.Plan;
import dev.fusedit.trainer.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class AdaptersTest {
    static final String ADAPTERS = "model.adapters={llm: {rank: 2, alpha: 3, targets: [q_proj, v_proj, down_proj]}, "
            + "dit: {rank: 2, targets: [self_attn.q_proj, 'layers.1.mlp.*']}}";
    private static final String RATES = "stages.joint.lr={llm-adapter: 1e-2, dit-adapter: 1e-2}";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path GOLDENS = Path.of("src/test/resources/goldens/peft");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"model.fusion=joint", "model.fusion=gated-joint", "model.fusion=cross", "run.precision=bf16",
        "stages.joint.checkpointing=true", "model.adapters.llm.dropout=0.2"})
    void adaptersLearnAndNothingElseChanges(String setting) {
        try (var tiny = TinyStage.of("run.precision=f32", ADAPTERS, RATES, setting, "stages.joint.steps=40",
                "stages.joint.accumulation=2"); var loop = tiny.loop()) {
            var before = tiny.everything();
            var first = loop.step();
            assertThat(tiny.bundle.weights().trainable()).allMatch(parameter -> LoraAdapter.isPart(parameter.name())).isNotEmpty();
            assertThat(tiny.optimizerState.state().keySet()).allMatch(name -> name.contains("lora_"));
            var last = first;
            while (!loop.isDone()) last = loop.step();
            assertThat(last.total()).isLessThan(first.total());
            var changed =
                    TinyStage.differences(before, tiny.everything()).stream().filter(name -> name.matches("(master|compute) .*")).toList();
            assertThat(changed).isNotEmpty().allMatch(name -> name.contains("lora_"));
            assertThat(changed).anyMatch(name -> name.contains("llm.")).anyMatch(name -> name.contains("dit."));
        }
    }

    /// What is left out is a function of the step and the part alone.
    @Test
    void droppingOutIsTheSameWithCheckpointingAndRunAgain() {
        String[] settings =
                {"run.precision=f64", "run.lanes=2", ADAPTERS, "model.adapters.llm.dropout=0.3", "model.adapters.dit.dropout=0.3",
                    RATES};
        try (var one = TinyStage.of(settings);
                var again = TinyStage.of(settings);
                var twice = TinyStage.of(Stream.concat(Arrays.stream(settings),
                        Stream.of("stages.joint.checkpointing=true")).toArray(String[]::new));
                var without = TinyStage.of("run.precision=f64", "run.lanes=2", ADAPTERS, RATES)) {
            for (var tiny : List.of(one, again, twice, without)) {
                try (var loop = tiny.loop()) {
                    for (int i = 0; i < 3; i++) loop.step();
                }
            }
            assertThat(TinyStage.differences(one.everything(), again.everything())).isEmpty();
            assertThat(TinyStage.differences(one.everything(), without.everything())).isNotEmpty();
            one.bundle.weights().all().forEach(parameter -> assertThat(parameter.master()
                    .allClose(twice.bundle.weights().parameter(parameter.name()).master(), 1e-9, 1e-11)).as(parameter.name()).isTrue());
        }
    }

    /// Gradients of micro-batches and lanes are parts of one sum, whatever trains beside adapters.
    @Test
    void lanesAndMicroBatchesAddUp() {
        String[] settings = {"run.precision=f64", "model.fusion=gated-joint", ADAPTERS,
            "stages.joint.lr={llm-adapter: 1e-2, dit-adapter: 1e-2, dit: 1e-3}", "stages.joint.optimizer={kind: adamw, eps: 1}"};
        try (var whole = TinyStage.of(settings);
                var parts = TinyStage.of(Stream.concat(Arrays.stream(settings), Stream.of("run.lanes=2", "stages.joint.accumulation=2"))
                        .toArray(String[]::new))) {
            for (var tiny : List.of(whole, parts)) {
                try (var loop = tiny.loop()) {
                    for (int i = 0; i < 3; i++) loop.step();
                }
            }
            whole.bundle.weights().all().forEach(parameter -> assertThat(parameter.master()
                    .allClose(parts.bundle.weights().parameter(parameter.name()).master(), 1e-9, 1e-11)).as(parameter.name()).isTrue());
        }
    }

    /// A frozen language model that is held in bf16 teaches its adapters with the bits of the same numbers held in f32.
    @Test
    void aHeldModelGivesTheSameBits() {
        String[] settings =
                {"run.precision=f32", "model.adapters={llm: {rank: 2, targets: [q_proj]}}", "stages.text.lr={llm-adapter: 1e-2}",
                    "stages.joint.lr={dit: 1e-3, llm-adapter: 1e-2}"};
        try (var held = TinyStage.of(Stream.concat(Arrays.stream(settings), Stream.of("weights.llm_dtype=bf16")).toArray(String[]::new));
                var wide = TinyStage.of(settings)) {
            held.bundle.weights().in("llm").all().filter(parameter -> !LoraAdapter.isPart(parameter.name()))
                    .forEach(parameter -> wide.bundle
                            .weights().parameter(parameter.name()).master().copyInPlace(parameter.master()));
            assertThat(held.bundle.weights().parameter("llm.layers.0.mlp.up_proj.weight").compute().dtype()).isEqualTo(DType.BF16);
            for (var tiny : List.of(held, wide)) {
                try (var loop = tiny.loop()) {
                    for (int i = 0; i < 3; i++) loop.step();
                }
            }
            assertThat(TinyStage.differences(held.everything(), wide.everything()).stream().filter(name -> name.contains("lora_")))
                    .isEmpty();
        }
    }

    /// y = W x + α/r · B A x is (W + α/r · B A) x.
    @Test
    void mergedWeightsAreTheSameModel() {
        try (var adapted = TinyStage.of("run.precision=f64", ADAPTERS, "model.adapters.llm.rslora=true", RATES);
                var plain = TinyStage.of("run.precision=f64");
                var _ = TensorScope.open();
                var _ = Autograd.noGrad()) {
            var merged = adapted.bundle.weights().mergedState();
            assertThat(merged.keySet()).isEqualTo(plain.bundle.weights().state().keySet());
            merged.forEach((name, value) -> plain.bundle.weights().parameter(name).master().copyInPlace(value));
            var prompt = Prompt.of(new int[][] {{2, 5, 6, 7}, {2, 9}});
            Tensor noisy = Tensor.randn(Seed.of(3), DType.F64, 2, 3, 32, 32), times = Tensor.of(new float[] {500, 900}, 2);
            var ours = adapted.bundle.model().image(noisy, times, adapted.bundle.model().text(prompt));
            var theirs = plain.bundle.model().image(noisy, times, plain.bundle.model().text(prompt));
            assertThat(ours.allClose(theirs, 1e-9, 1e-11)).isTrue();
        }
    }

    // ---- files

    @Test
    void anAdapterOfPeftsGivesWhatPeftDoesAndIsWrittenAsPeftWritesIt() throws IOException {
        var adapters = new Adapters(Map.of("llm", new LoraConfig(3, 6, 0.1, false, List.of("q_proj", "down_proj"))));
        try (var base = LanguageModels.open(GOLDENS.resolve("base"));
                var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32).adapted(adapters);
                var expected = SafeTensors.open(GOLDENS.resolve("expected.safetensors"));
                var _ = TensorScope.open();
                var _ = Autograd.noGrad()) {
            var model = LanguageModel.of(base.config(), weights.in("llm"));
            weights.requireTargets();
            weights.load(RenamedTensors.of(base.tensors(), name -> name.startsWith("model.") ? name.replaceFirst("model", "llm") : null),
                    name -> LoraAdapter.isPart(name) ? null : name);
            PeftFolders.read(GOLDENS, adapters, weights, _ -> {});
            var ids = expected.read("input_ids").toLongs();
            var hidden = model.forward(Prompt.of(ids));
            assertThat(hidden.allClose(expected.read("hidden"), 1e-5, 1e-6)).isTrue();
            PeftFolders.writePart(folder, "llm", adapters.parts().get("llm"), "", weights, DType.F32);
        }
        for (var field : JSON.readTree(folder.resolve("adapter_config.json").toFile()).properties()) {
            var theirs = JSON.readTree(GOLDENS.resolve("llm/adapter_config.json").toFile()).get(field.getKey());
            assertThat(sorted(field.getValue())).as(field.getKey()).isEqualTo(sorted(theirs));
        }
        try (var ours = SafeTensors.open(folder.resolve("adapter_model.safetensors"));
                var theirs = SafeTensors.open(GOLDENS.resolve("llm/adapter_model.safetensors"));
                var _ = TensorScope.open()) {
            assertThat(ours.names()).containsExactlyInAnyOrderElementsOf(theirs.names());
            ours.names().forEach(name -> assertThat(ours.read(name).sameValues(theirs.read(name))).as(name).isTrue());
        }
    }

    /// PEFT's targets are a set.
    private static List<String> sorted(JsonNode value) {
        return value.isArray() ? Streams.stream(value).map(JsonNode::asText).sorted().toList() : List.of(value.toString());
    }

    /// The language model may be the first layers of the one that the adapter is of.
    @Test
    void anAdapterOfADeeperModelGivesItsFirstLayers() throws IOException {
        var adapters = new Adapters(Map.of("llm", new LoraConfig(3, 6, 0, false, List.of("q_proj", "down_proj"))));
        try (var golden = SafeTensors.open(GOLDENS.resolve("llm/adapter_model.safetensors"));
                var base = LanguageModels.open(GOLDENS.resolve("base"));
                var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32).adapted(adapters);
                var _ = TensorScope.open()) {
            LanguageModel.of(base.config(), weights.in("llm"));
            var deeper = new LinkedHashMap<String, Tensor>();
            golden.names().forEach(name -> {
                deeper.put(name, golden.read(name));
                deeper.put(name.replace("layers.1.", "layers.4."), golden.read(name));
            });
            SafeTensors.write(folder.resolve("adapter_model.safetensors"), deeper, Map.of());
            Files.copy(GOLDENS.resolve("llm/adapter_config.json"), folder.resolve("adapter_config.json"));
            var said = new ArrayList<String>();
            PeftFolders.read(folder, adapters, weights, said::add);
            assertThat(said).singleElement().asString().contains("is of 5 layers, of which the first 2 are taken");
            var own = weights.parameter("llm.layers.1.self_attn.q_proj.lora_A.weight").master();
            assertThat(own.sameValues(golden.read("base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"))).isTrue();
        }
    }

    @Test
    void whatIsWrittenIsReadAgain() throws IOException {
        try (var tiny = TinyStage.of(ADAPTERS, RATES); var other = TinyStage.fresh(ADAPTERS, RATES)) {
            var place = folder.resolve("adapters");
            PeftFolders.write(place, tiny.recipe, tiny.bundle.weights(), DType.F32);
            PeftFolders.read(place, other.recipe.model().adapted(), other.bundle.weights(), _ -> {});
            tiny.bundle.weights().all().forEach(parameter -> assertThat(
                    parameter.master().sameValues(other.bundle.weights().parameter(parameter.name()).master())).as(parameter.name())
                    .isEqualTo(LoraAdapter.isPart(parameter.name()) || isConstant(parameter.name(), tiny, other)));
            assertThat(Files.readString(place.resolve("dit/adapter_config.json"))).contains("\"layers.1.mlp.gate_proj\"",
                    "\"lora_alpha\" : 2");
            assertThatThrownBy(() -> PeftFolders.write(place, tiny.recipe, tiny.bundle.weights(), DType.F32)).isInstanceOf(UserError.class);
        }
    }

    private static boolean isConstant(String name, TinyStage one, TinyStage other) {
        return one.bundle.weights().parameter(name).master().sameValues(other.bundle.weights().parameter(name).master());
    }

    @Test
    void anAdapterOfAnotherModelIsRefusedByField() throws IOException {
        var adapters = new Adapters(Map.of("llm", new LoraConfig(4, 6, 0, false, List.of("q_proj"))));
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            assertThatThrownBy(() -> PeftFolders.read(GOLDENS, adapters, weights, _ -> {})).isInstanceOf(UserError.class)
                    .hasMessageContaining("r: 3 in the file, 4 in the recipe").hasMessageNotContaining("lora_alpha");
            assertThatThrownBy(() -> PeftFolders.read(folder, adapters, weights, _ -> {})).isInstanceOf(UserError.class)
                    .hasMessageContaining("holds no adapter");
            var changed = Files.createDirectories(folder.resolve("llm"));
            Files.writeString(changed.resolve("adapter_config.json"), Files.readString(GOLDENS.resolve("llm/adapter_config.json"))
                    .replace("\"use_dora\": false", "\"use_dora\": true").replace("\"r\": 3", "\"r\": 4"));
            assertThatThrownBy(() -> PeftFolders.read(folder, adapters, weights, _ -> {})).isInstanceOf(UserError.class)
                    .hasMessageContaining("use_dora: true").hasMessageNotContaining("use_rslora");
            Files.writeString(changed.resolve("adapter_config.json"), Files.readString(GOLDENS.resolve("llm/adapter_config.json"))
                    .replace("\"use_rslora\": false", "\"use_rslora\": true").replace("\"r\": 3", "\"r\": 4"));
            assertThatThrownBy(() -> PeftFolders.read(folder, adapters, weights, _ -> {})).isInstanceOf(UserError.class)
                    .hasMessageContaining("use_rslora: true in the file, false in the recipe");
        }
    }

    @Test
    void aRecipeThatMeansNothingIsRefused() {
        assertThatThrownBy(() -> TinyStage.of("stages.joint.lr={llm-adapter: 1e-2}")).isInstanceOf(UserError.class)
                .hasMessageContaining("model.adapters has none of that part");
        assertThatThrownBy(() -> TinyStage.of(ADAPTERS, RATES, "model.adapters.llm.targets=[q_prj]")).isInstanceOf(UserError.class)
                .hasMessageContaining("'q_prj' is no linear layer there. There are down_proj, gate_proj, k_proj");
        assertThatThrownBy(() -> TinyStage.of("weights.adapters=x")).isInstanceOf(UserError.class)
                .hasMessageContaining("model.adapters has none");
    }

    /// Gemma 2 2B with adapters: the frozen base needs neither gradients nor moments, so that it fits into 24 GB.
    @Test
    void aPlanCountsAdaptersAlone() {
        var recipe = Recipe.find("tests/minimal", List.of("model.llm={kind: pretrained, name: google/gemma-2-2b}",
                "model.dit={layers: 26, width: 1152, patch: 8}", "run.precision=bf16", "run.lanes=1",
                "model.adapters={llm: {rank: 16}, dit: {rank: 16}}", "stages.text.lr={llm-adapter: 1e-4}",
                "stages.fuse.lr={dit-adapter: 1e-4}",
                "stages.joint.lr={llm-adapter: 1e-4, dit-adapter: 1e-4}", "weights.llm=random"));
        var plan = Plan.of(recipe);
        assertThat(plan.parameters().trainable()).isBetween(5_000_000L, 40_000_000L);
        assertThat(plan.demanding().memory().total()).isLessThan(24_000_000_000L);
    }
}
