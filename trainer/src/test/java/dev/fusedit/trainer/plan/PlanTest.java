package dev.fusedit.trainer.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.PathChoice;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.align.Alignments;
import dev.fusedit.trainer.model.RecipeModelConfigs;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.step.Sharding;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class PlanTest {
    private static Recipe recipe(String name, String... settings) { return Recipe.find(name, List.of(settings)); }

    private static Plan plan(String name, String... settings) { return Plan.of(recipe(name, settings)); }

    private static StageMemory memory(Plan plan, String stage) {
        return plan.stages().stream().filter(estimate -> estimate.plan().stage().name().equals(stage)).findFirst().orElseThrow().memory();
    }

    private static double flops(Plan plan, String stage) {
        return plan.stages().stream().filter(estimate -> estimate.plan().stage().name().equals(stage)).findFirst().orElseThrow().work()
                .flops();
    }

    // ---- several processes

    @Test
    void whatIsShardedIsCountedForEachProcess() {
        var alone = Plan.settled(recipe("tests/tiny", "run.lanes=1"), _ -> {});
        var shared = recipe("tests/tiny", "run.lanes=1").sharedBy(2);
        var none = Plan.settled(shared, new Processes(2, 2, Sharding.NONE), _ -> {}).demanding().memory();
        var optimizer = Plan.settled(shared, new Processes(2, 2, Sharding.OPTIMIZER), _ -> {});
        var gradients = Plan.settled(shared, new Processes(2, 1, Sharding.GRADIENTS), _ -> {});
        assertThat(none.optimizer()).isEqualTo(alone.demanding().memory().optimizer());
        assertThat(optimizer.demanding().memory().optimizer()).isBetween((long) (0.49 * none.optimizer()),
                (long) (0.51 * none.optimizer()));
        assertThat(optimizer.demanding().memory().average()).isBetween((long) (0.49 * none.average()), (long) (0.51 * none.average()));
        assertThat(optimizer.demanding().memory().saved()).as("a checkpoint holds all").isEqualTo(none.saved());
        assertThat(gradients.demanding().memory().gradients()).isLessThan(optimizer.demanding().memory().gradients());
        assertThat(optimizer.others()).as("saves nothing").isLessThan(optimizer.demanding().memory().total());
        assertThat(optimizer.needed()).as("on one machine").isEqualTo(optimizer.demanding().memory().total() + optimizer.others());
        assertThat(gradients.needed()).as("on two").isEqualTo(gradients.demanding().memory().total());
    }

    // ---- parameters

    @ParameterizedTest
    @ValueSource(strings = {"tests/minimal", "quickstart", "tests/tiny"})
    void parametersAreThoseOfTheModelThatIsTrained(String name) {
        var recipe = recipe(name);
        var config = RecipeModelConfigs.of(recipe.model(), RecipeModelConfigs.vocabulary(recipe.model().llm()), recipe.data().imageSize());
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            config.build(weights);
            var parameters = Plan.of(recipe).parameters();
            assertThat(parameters.total()).isEqualTo(weights.all().mapToLong(p -> p.master().numel()).sum());
            assertThat(parameters.dit()).isEqualTo(weights.in("dit").all().mapToLong(p -> p.master().numel()).sum());
            assertThat(parameters.dit() + parameters.llm()).isEqualTo(parameters.total()).isEqualTo(parameters.trainable());
        }
    }

    /// A fused model reads as many layers as its image side has; a shallow one all of them.
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        model.dit.layers=6   | google/gemma-3-270m       | 201.2 M (6 of 18 layers, the first ones, of google/gemma-3-270m, which has 268.1 M);
        model.dit.layers=4   | meta-llama/Llama-3.2-1B   | (4 of 16 layers, the first ones, of meta-llama/Llama-3.2-1B, which has 1.236 G);
        model.dit.layers=18  | google/gemma-3-270m       | the language model 268.1 M;
        model.fusion=shallow-joint | google/gemma-3-270m | the language model 268.1 M;
        """)
    void whatIsTakenOfAPublishedModelIsSaid(String setting, String name, String said) {
        var plan = plan("tests/minimal", setting, "model.llm={kind: pretrained, name: " + name + "}", "model.positions=1d");
        assertThat(PlanText.of(plan)).contains(said);
        assertThat(PlanText.of(plan("quickstart"))).doesNotContain(" layers of ", " of 6 layers");
    }

    @Test
    void headsOfAlignmentAreThoseThatAreLearned() {
        var recipe = recipe("tests/minimal",
                "stages.fuse.losses={flow: {}, repa: {teacher: random, layer: 1, width: 24}, contrastive: {layer: 2, comparison: siglip}}",
                "stages.joint.losses={flow: {}, repa: {teacher: random, layer: 1, width: 24}, contrastive: {layer: 1}}");
        var config = RecipeModelConfigs.of(recipe.model(), RecipeModelConfigs.vocabulary(recipe.model().llm()), recipe.data().imageSize());
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            config.build(weights);
            try (var _ = new Alignments(recipe.stages(), weights, config.image().width(), config.text().hidden())) {
                assertThat(ModelShapes.of(recipe).model()).extracting(ParameterShape::name)
                        .containsExactlyInAnyOrderElementsOf(weights.all().map(p -> p.name()).toList());
                var parameters = Plan.of(recipe).parameters();
                assertThat(parameters.total()).isEqualTo(weights.all().mapToLong(p -> p.master().numel()).sum());
                assertThat(parameters.total()).isGreaterThan(parameters.dit() + parameters.llm());
                assertThat(flops(Plan.of(recipe), "fuse")).isGreaterThan(flops(plan("tests/minimal"), "fuse"));
            }
        }
    }

    /// Weights of these would be tens of gigabytes.
    @ParameterizedTest
    @CsvSource({"paper/baseline, 2506172416", "paper/large-scale, 2614341888", "paper/shallow-cross-attention, 2506172416"})
    void publishedModelsAreCountedWithoutTheirWeights(String name, long llm) {
        var plan = plan(name);
        assertThat(plan.parameters().llm()).isEqualTo(llm);
        assertThat(plan.parameters().trainable()).as("the language model is frozen").isEqualTo(plan.parameters().dit());
        assertThat(plan.beside()).as("the autoencoder").isEqualTo(83_819_683);
        assertThat(plan.demanding().memory().weights()).isGreaterThan(4 * plan.parameters().dit() + 2 * plan.parameters().total());
    }

    // ---- work

    /// The DiT's share of the formula, written out once more for a model of one layer.
    @Test
    void workIsThatOfTheFormula() {
        var plan = plan("tests/minimal", "model.llm.layers=1", "model.dit.layers=1", "model.time=none");
        long batch = 4, tokens = 16, width = 16, inner = 32, heads = 2 * 8, keys = 8, patch = 8 * 8 * 3;
        var lengths = TextLengths.of(recipe("tests/minimal"));
        long matrices = width * heads * 2 + width * keys * 2 + 3 * width * inner + patch * width; // q, o; k, v; MLP; out
        double in = 4.0 * batch * tokens * patch * width; // images have no gradient
        double dit = in + 6.0 * batch * tokens * matrices + 12.0 * batch * tokens * (tokens + lengths.caption()) * heads;
        double captions = 2.0 * batch * lengths.caption() * width * keys * 2; // the one layer's keys and values
        assertThat(flops(plan, "fuse")).isCloseTo(dit + captions, within(1.0));
        long vocabulary = RecipeModelConfigs.vocabulary(recipe("tests/minimal").model().llm());
        double sentences =
                6.0 * batch * lengths.sentence() * (width * heads * 2 + width * keys * 2 + 3 * width * inner + width * vocabulary)
                        + 12.0 * batch * lengths.sentence() * (lengths.sentence() + 1) * heads / 2;
        assertThat(flops(plan, "text")).isCloseTo(sentences, within(1.0));
    }

    @Test
    void neededWorkDoesNotDependOnHowItIsComputed() {
        double plain = flops(plan("tests/tiny"), "joint");
        assertThat(flops(plan("tests/tiny", "stages.joint.checkpointing=true"), "joint")).isEqualTo(plain);
        assertThat(flops(plan("tests/tiny", "stages.joint.accumulation=8"), "joint")).isCloseTo(plain, within(plain * 1e-9));
        assertThat(flops(plan("tests/tiny", "stages.joint.batch=64"), "joint")).isCloseTo(2 * plain, within(plain * 1e-9));
    }

    @Test
    void frozenTextCostsAThird() {
        var losses = "stages.fuse.losses={flow: {}}";
        var frozen = plan("quickstart", losses, "stages.fuse.lr={dit: 1e-3}").stages().get(1).work().flops(Matmul.Of.LLM);
        var trained = plan("quickstart", losses, "stages.fuse.lr={dit: 1e-3, llm: 1e-5}").stages().get(1).work().flops(Matmul.Of.LLM);
        assertThat(trained / frozen).isBetween(2.9, 3.1);
    }

    // ---- memory

    @Test
    void eachSavingSavesWhatItSaysItDoes() {
        var plain = memory(plan("tests/tiny"), "joint");
        var checkpointed = memory(plan("tests/tiny", "stages.joint.checkpointing=true"), "joint");
        assertThat(checkpointed.activations()).isLessThan(plain.activations() / 2).isEqualTo(plain.otherwise());
        assertThat(checkpointed.otherwise()).isEqualTo(plain.activations());
        var small = memory(plan("tests/tiny", "stages.joint.accumulation=16"), "joint");
        assertThat(small.activations()).isLessThan(plain.activations() / 4);
        var factored = memory(plan("tests/tiny", "stages.joint.optimizer=adafactor"), "joint");
        assertThat(factored.optimizer()).isLessThan(plain.optimizer() / 3);
        assertThat(memory(plan("tests/tiny", "stages.joint.optimizer=muon"), "joint").optimizer()).isBetween(factored.optimizer(),
                plain.optimizer());
        var bf16 = memory(plan("tests/tiny", "run.precision=bf16"), "joint").activations();
        if (PathChoice.LINEAR.dtype(DType.BF16, Device.CPU) == DType.BF16) {
            assertThat(bf16).isLessThan(plain.activations());
        } else {
            assertThat(bf16).as("the graph keeps what was cast to f32").isEqualTo(plain.activations());
        }
    }

    @Test
    void whatIsFrozenHasNoMastersNoOptimizerStateNoGradients() {
        var frozen = memory(plan("paper/baseline", "run.device=cpu"), "train");
        var trained = memory(plan("paper/baseline", "run.device=cpu", "stages.train.lr={dit: 1e-4, llm: 1e-5}"), "train");
        long llm = 2_506_172_416L;
        assertThat((double) (trained.weights() - frozen.weights())).as("masters").isCloseTo(4.0 * llm, within(1e7));
        assertThat((double) (trained.optimizer() - frozen.optimizer())).as("moments").isCloseTo(8.0 * llm, within(1e7));
        assertThat((double) (trained.gradients() - frozen.gradients())).as("sums").isCloseTo(4.0 * llm, within(1e7));
    }

    @Test
    void largerImagesNeedMore() {
        var larger = plan("quickstart", "stages.joint.resolution=64");
        assertThat(memory(larger, "joint").activations()).isGreaterThan(2 * memory(plan("quickstart"), "joint").activations());
        assertThat(larger.demanding().plan().stage().name()).isEqualTo("joint");
    }

    // ---- what does not fit

    /// What checkpoints refer to is not in them.
    @Test
    void aFrozenLanguageModelOfAFileIsNotInCheckpoints() {
        var frozen = "stages=[{name: fuse, steps: 2, batch: 2, lr: {dit: 1e-3}, losses: {flow: {}}}]";
        var own = plan("tests/minimal", frozen, "run.precision=f32", "sampling.weights=raw");
        var file = plan("tests/minimal", frozen, "run.precision=f32", "sampling.weights=raw", "weights.llm=not-needed-here");
        assertThat(own.checkpoint() - file.checkpoint()).isEqualTo(4 * own.parameters().llm());
        assertThat(plan("tests/minimal", "weights.llm=not-needed-here").checkpoint()).as("it learns")
                .isEqualTo(plan("tests/minimal").checkpoint());
    }

    @Test
    void whatDoesNotFitHasRemediesThatHelp() {
        var plan = plan("paper/baseline", "run.device=cpu", "stages.train.batch=512");
        assertThat(plan.fits()).isFalse();
        assertThat(plan.remedies()).hasSizeGreaterThan(3).allSatisfy(remedy -> {
            var settings = new java.util.ArrayList<>(List.of("run.device=cpu", "stages.train.batch=512"));
            settings.addAll(remedy.settings());
            var changed = Plan.of(Recipe.find("paper/baseline", settings));
            assertThat(plan.demanding().memory().total() - changed.demanding().memory().total()).as(remedy.what()).isEqualTo(remedy.saved())
                    .isPositive();
        });
        assertThatThrownBy(plan::requireFits).isInstanceOf(UserError.class)
                .hasMessageContaining("recipe '512-Gemma-AdaLN-Zero-APE' needs about")
                .hasMessageContaining("--set stages.train.checkpointing=true");
        assertThat(PlanText.of(plan)).contains("Does not fit", "activations with checkpointing");
        assertThat(PlanJson.of(plan).get("fits").asBoolean()).isFalse();
        assertThat(PlanJson.of(plan).at("/remedies/0/saves_mib").asLong()).isPositive();
    }

    @Test
    void whatFitsHasNone() {
        var plan = plan("tests/minimal").requireFits();
        assertThat(plan.fits()).isTrue();
        assertThat(plan.remedies()).isEmpty();
        var json = PlanJson.of(plan);
        for (var path : List.of("/parameters/total", "/parameters/trainable", "/parameters/dit", "/parameters/llm", "/memory_mib/weights",
                "/memory_mib/gradients", "/memory_mib/optimizer", "/memory_mib/activations", "/memory_mib/total", "/flops_per_step",
                "/fits",
                "/remedies")) {
            assertThat(json.at(path).isMissingNode()).as(path).isFalse();
        }
        assertThat(json.has("seconds")).isFalse();
    }

    @Test
    void measuredSpeedGivesATime() {
        var plan = plan("tests/minimal").measured();
        assertThat(PlanJson.of(plan).at("/stages/0/seconds_per_step").asDouble()).isBetween(1e-6, 10.0);
        assertThat(PlanText.of(plan)).contains("Time here", "GFLOP/s in f32", "GFLOP/s in bf16");
    }
}
