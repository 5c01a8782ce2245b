package dev.fusedit.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.fusion.flow.NoiseRange;
import dev.fusedit.fusion.flow.Solver;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.blocks.BlocksMix;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeTest {
    private static final Recipe QUICKSTART = Recipe.find("quickstart", List.of());

    @Test
    void quickstartHasItsThreeStages() {
        assertThat(QUICKSTART.stages()).extracting(Stage::name).containsExactly("text", "fuse", "joint");
        assertThat(QUICKSTART.stages().get(0).trains(Part.DIT)).isFalse();
        assertThat(QUICKSTART.stages().get(1).trains(Part.LLM)).isTrue();
        assertThat(QUICKSTART.stages().get(2).lr()).containsOnlyKeys("dit", "llm");
        assertThat(QUICKSTART.stages().get(2).losses().language()).isNotNull();
        assertThat(QUICKSTART.model().positions()).isInstanceOf(Model.Positions.Rope2d.class);
    }

    @Test
    void whatIsLeftOutHasItsDefault() {
        var stage = QUICKSTART.stages().getFirst();
        assertThat(stage.optimizer()).isEqualTo(new OptimizerRecipe.AdamW(List.of(0.9, 0.999), 1e-8, 0, OptimizerRecipe.Decay.ALL));
        assertThat(stage.captionDropout()).isZero();
        assertThat(stage.ema()).isNull();
        assertThat(((Data.Blocks) QUICKSTART.data()).mix().blocks()).isEqualTo(BlocksMix.DEFAULT);
    }

    @Test
    void canonicalFormReadsBackAsItself() {
        assertThat(Recipe.parse(QUICKSTART.canonical(), "again.yaml", List.of())).isEqualTo(QUICKSTART);
        assertThat(QUICKSTART.canonical()).contains("weight_decay: 0.0", "kind: cosine", "positions: 2d");
    }

    @Test
    void hashFollowsTheMeaningNotTheText() {
        var defaultSpelledOut = Recipe.find("quickstart", List.of("stages.text.caption_dropout=0", "data.mix={two: 3}"));
        assertThat(defaultSpelledOut.hash()).isEqualTo(QUICKSTART.hash()).hasSize(64);
        assertThat(Recipe.find("quickstart", List.of("run.seed=43")).hash()).isNotEqualTo(QUICKSTART.hash());
    }

    @Test
    void samplingIsEulersWithGuidanceEverywhereUnlessToldOtherwise() {
        var untold = Recipe.find("quickstart", List.of("sampling={steps: 8}"));
        assertThat(untold.sampling().solver()).isEqualTo(Solver.EULER);
        assertThat(untold.sampling().guided()).isEqualTo(NoiseRange.WHOLE);
        var changed = Recipe.find("quickstart", List.of("sampling.solver=dpmpp-2m", "sampling.guidance_interval=[0.2, 0.8]"));
        assertThat(changed.sampling().solver()).isEqualTo(Solver.DPMPP_2M);
        assertThat(changed.sampling().guided()).isEqualTo(new NoiseRange(0.2, 0.8));
        assertThat(changed.canonical()).contains("solver: dpmpp-2m");
        assertThat(Recipe.parse(changed.canonical(), "again.yaml", List.of())).isEqualTo(changed);
    }

    @Test
    void aFactorScalesStepsAndWarmUp() {
        var half = QUICKSTART.scaled(0.5, 5);
        var before = QUICKSTART.stages().get(1);
        assertThat(half.stages().get(1).steps()).isEqualTo(before.steps() / 2);
        assertThat(half.stages().get(1).warmUp()).isEqualTo(before.warmUp() / 2);
        assertThat(half.run().minutes()).isEqualTo(5);
        assertThat(QUICKSTART.scaled(1e-9, 5).stages()).allSatisfy(stage -> assertThat(stage.steps()).isEqualTo(1));
    }

    /// Whatever the factor was, rounding included.
    @ParameterizedTest
    @ValueSource(doubles = {1, 0.5, 1.7320508, 0.0123, 1e-9, 1234.5})
    void aScaledRecipeIsKnownAgain(double factor) {
        for (var recipe : List.of(QUICKSTART, Recipe.find("staged", List.of()),
                Recipe.parse(QUICKSTART.canonical().replace("steps: 2500", "epochs: 3.5"), "epochs.yaml", List.of("data.samples=64")))) {
            var scaled = recipe.scaled(factor, 7);
            assertThat(recipe.scaledAs(scaled)).contains(scaled);
            assertThat(recipe.scaledAs(Recipe.parse(scaled.canonical(), "run.yaml", List.of()))).contains(scaled);
        }
    }

    /// What else a person changed is kept, and other proportions are another recipe.
    @Test
    void onlyLengthsAreTakenFromAScaledRecipe() {
        var scaled = QUICKSTART.scaled(1.3, 7);
        var hotter = Recipe.find("quickstart", List.of("stages.fuse.lr.dit=1e-2")).scaledAs(scaled).orElseThrow();
        assertThat(RecipeDifference.between(scaled, hotter)).extracting(RecipeDifference::key).containsExactly("stages.fuse.lr.dit");
        for (var setting : List.of("stages.fuse.steps=2600", "stages.joint.steps=120", "stages.fuse.warm_up=60", "stages.joint.warm_up=5",
                "stages.text.name=words")) {
            assertThat(Recipe.find("quickstart", List.of(setting)).scaledAs(scaled)).as(setting).isEmpty();
        }
    }

    @Test
    void constructorsCheckWithoutAnyFile() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Sampling(Solver.EULER, 0, 3, List.of(0.0, 1.0), 1, Sampling.Weights.EMA, 1))
                .withMessage("steps must be at least 1, but is 0");
    }

    @Test
    void unknownNameListsTheKnownOnes() {
        assertThatThrownBy(() -> Recipe.find("quikstart", List.of())).isInstanceOf(UserError.class)
                .hasMessageStartingWith("no recipe is named 'quikstart'. Did you mean 'quickstart'?");
        assertThatThrownBy(() -> Recipe.find("zzz", List.of())).hasMessageContaining("Known: ").hasMessageContaining("quickstart");
    }

    @Test
    void filesThatAreNoRecipesAreNamed(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> Recipe.find(folder.resolve("none.yaml").toString(), List.of())).isInstanceOf(UserError.class)
                .hasMessageContaining("none.yaml: no such file");
        var asFolder = Files.createDirectory(folder.resolve("folder.yaml"));
        assertThatThrownBy(() -> Recipe.find(asFolder.toString(), List.of())).hasMessageContaining("folder.yaml: is a folder");
        var binary = Files.write(folder.resolve("binary.yaml"), new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});
        assertThatThrownBy(() -> Recipe.find(binary.toString(), List.of())).isInstanceOf(UserError.class)
                .hasMessage(
                        "recipe " + binary + ": is a text in UTF-16, not a recipe in UTF-8. Save it in UTF-8: iconv -f UTF-16 -t UTF-8");
        var latin = Files.write(folder.resolve("latin.yaml"), "run:\n  name: é\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> Recipe.find(latin.toString(), List.of())).isInstanceOf(UserError.class)
                .hasMessageStartingWith("recipe " + latin + ":2: the byte E9 is not UTF-8 (in Latin-1 it is 'é')");
        var weights = Files.writeString(folder.resolve("weights.yaml"), "GGUF\3\0\0\0" + "\0".repeat(100));
        assertThatThrownBy(() -> Recipe.find(weights.toString(), List.of()))
                .hasMessageContaining("weights.yaml: is a GGUF file, not a recipe");
        var marked = Files.writeString(folder.resolve("marked.yaml"), "\ufeff" + QUICKSTART.canonical());
        assertThat(Recipe.find(marked.toString(), List.of())).isEqualTo(QUICKSTART);
        var own = Files.writeString(folder.resolve("own.yaml"), QUICKSTART.canonical());
        assertThat(Recipe.find(own.toString(), List.of())).isEqualTo(QUICKSTART);
    }

    @Test
    void stagedGoesFromFrozenToJointToLargerToTheBest() {
        var stages = Recipe.find("staged", List.of()).stages();
        assertThat(stages).extracting(Stage::name).containsExactly("language", "draw", "joint", "large", "polish");
        assertThat(stages).extracting(stage -> stage.trains(Part.LLM)).containsExactly(true, false, true, false, false);
        var joint = stages.get(2);
        assertThat(joint.lr().get("llm") / joint.lr().get("dit")).isBetween(0.01, 0.1);
        assertThat(joint.losses().language()).isNotNull();
        assertThat(joint.gradientMask()).isInstanceOf(GradientMaskRecipe.InsulateLlm.class);
        assertThat(stages).extracting(Stage::resolution).containsExactly(null, 32, 32, null, null);
        assertThat(stages.getLast().mix()).isNotNull();
        assertThatThrownBy(() -> Recipe.find("paper/baseline", List.of("stages.train.mix={}"))).isInstanceOf(UserError.class)
                .hasMessageContaining("'mix' in stage 'train' must be left out: it is of the built-in data");
    }
}
