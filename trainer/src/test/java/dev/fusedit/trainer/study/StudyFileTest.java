package dev.fusedit.trainer.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StudyFileTest {
    static final Path SHIPPED = Path.of("..", "recipes", "studies");
    private static final String GOOD = """
            name: s
            question: Which?
            base: tests/minimal
            set: [run.precision=f32, run.lanes=1]
            axes: [{key: model.fusion, values: [joint, cross]}]
            seeds: [1, 2, 3, 4, 5, 6]
            budget: {kind: samples, samples: 16, stage: fuse}
            tuning: {key: stages.fuse.lr.dit, values: [1e-3, 2e-3], seed: 100}
            endpoint: {metric: caption-gap}
            """;

    @TempDir
    private Path folder;

    private Study read(String text) throws IOException {
        return Study.read(Files.writeString(folder.resolve("s.yaml"), text), Optional.empty());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "seeds: [1, 2, 3, 4, 5, 6]|seed: [1]|unknown key 'seed' in the study. Did you mean 'seeds'?",
        "seeds: [1, 2, 3, 4, 5, 6]|seeds: [1]|'seeds' in the study must be at least two different ones (6 for a verdict), but is [1]",
        "seed: 100|seed: 3|must not be one of the seeds, but is 3",
        "endpoint: {metric: caption-gap}|samples: 8|missing key 'endpoint' in the study",
        "metric: caption-gap|metric: validation-flow|'floor' in 'endpoint' of the study must be given with validation-flow",
        "metric: caption-gap|metric: caption-gab|Did you mean 'caption-gap'?",
        "key: model.fusion|key: model.fussion|arm 'joint': --set model.fussion=joint: unknown key 'fussion' in 'model'",
        "values: [joint, cross]|values: [joint, crass]|unknown kind 'crass' for 'fusion' in 'model'. Did you mean 'cross'?",
        "values: [joint, cross]|values: [joint, joint]|'values' in axis 1 must be at least two different ones",
        "values: [joint, cross]|values: [joint, shallow-cross]|must be the language model's 16 with fusion 'shallow-cross', but is 32",
        "stage: fuse|stage: fuze|budget.stage: no stage is named 'fuze'. Known: text, fuse, joint",
        "kind: samples|kind: sample|unknown kind 'sample' for 'budget' in the study. Did you mean 'samples'?",
        "values: [1e-3, 2e-3]|values: [2e-3, 1e-3]|must be at least two and grow, but is [0.002, 0.001]",
        "base: tests/minimal|base: tests/minimall|no recipe is named 'tests/minimall'. Did you mean 'tests/minimal'?",
        "run.precision=f32, |run.precision=auto, |run.precision is auto, which a cell could decide otherwise than another",
        "seeds: [1, 2, 3, 4, 5, 6]|reference: jiont\\nseeds: [1, 2]|reference: no arm is named 'jiont'. Did you mean 'joint'?"})
    void whatIsWrongIsTold(String before, String after, String message) {
        var text = GOOD.replace(before, after.replace("\\n", "\n")).replace("values: [joint, shallow-cross]",
                "values: [joint, shallow-cross]}, {key: model.dit.width, values: ['16', '32']");
        assertThat(text).isNotEqualTo(GOOD);
        assertThatThrownBy(() -> read(text)).isInstanceOf(UserError.class).hasMessageContaining("s.yaml").hasMessageContaining(message);
    }

    @Test
    void aRecipeIsNoStudy() {
        assertThatThrownBy(() -> Study.read(SHIPPED.resolve("forgetting.yaml"), Optional.empty())).isInstanceOf(UserError.class)
                .hasMessageContaining("is a recipe");
        assertThatThrownBy(() -> Study.read(folder.resolve("none.yaml"), Optional.empty())).isInstanceOf(UserError.class)
                .hasMessageContaining("no such file");
    }

    @Test
    void axesMakeArmsOfAllCombinations() throws IOException {
        var study = read(GOOD.replace("axes: [", "axes: [{key: model.positions, values: ['2d', ape]}, "));
        assertThat(study.arms()).extracting(Arm::name).containsExactly("2d+joint", "2d+cross", "ape+joint", "ape+cross");
        assertThat(study.reference().name()).isEqualTo("2d+joint");
        var cell = study.cell(study.arms().getLast(), 3, java.util.OptionalDouble.of(2e-3));
        assertThat(cell.trainCommand())
                .startsWith("OMP_NUM_THREADS=1 ./fusedit train tests/minimal --out runs/studies/s/cells/ape+cross/seed-3 ")
                .contains(
                        "--set model.positions=ape --set model.fusion=cross --set stages.fuse.lr.dit=0.002 --set run.seed=3 "
                                + "--set stages.fuse.steps=4");
        assertThat(StudyFile.parse(study.file().canonical(), "again")).isEqualTo(study.file());
    }

    /// Where its files are is a matter of the machine.
    @Test
    void aPersonMayChangeAllArms() throws IOException {
        Files.writeString(folder.resolve("s.yaml"), GOOD);
        var study = Study.read(folder.resolve("s.yaml"), List.of("sampling.steps=7"), Optional.empty());
        for (var arm : study.arms()) {
            var cell = study.cell(arm, 1, study.firstRate());
            assertThat(cell.recipe().sampling().steps()).isEqualTo(7);
            assertThat(cell.trainCommand()).contains("--set sampling.steps=7");
        }
    }

    @Test
    void theStudyOverAPublishedModelIsPlannedWithoutIt() {
        var study = Study.read(SHIPPED.resolve("llm-gemma.yaml"), Optional.empty());
        assertThat(study.arms()).extracting(Arm::name).containsExactly("frozen", "lora", "joint-0.01", "joint-0.1", "joint-0.1-language");
        var joint = study.cell(study.arms().get(3), 1, java.util.OptionalDouble.of(1e-3)).recipe();
        assertThat(joint.stages().getFirst().lr()).containsEntry("llm", 1e-4);
        assertThat(joint.stages().getFirst().steps()).isEqualTo(200);
        assertThat(joint.validatesText()).isTrue();
        assertThat(study.cell(study.arms().getFirst(), 1, java.util.OptionalDouble.of(1e-3)).recipe().validatesText())
                .as("what nothing trains is measured too").isTrue();
    }

    @Test
    void ratesOfAnArmAreMultiplesOfTheTunedOne() throws IOException {
        var study = read(GOOD.replace("axes: [{key: model.fusion, values: [joint, cross]}]",
                "arms: [{name: frozen}, {name: learning, rates: {stages.fuse.lr.llm: 0.1}}]"));
        var cell = study.cell(study.arms().getLast(), 1, java.util.OptionalDouble.of(2e-3));
        assertThat(cell.recipe().stages().get(1).lr()).containsEntry("dit", 2e-3).containsEntry("llm", 2e-4);
    }

    @Test
    void operationsAreEqual() throws IOException {
        var study = read(GOOD.replace("{kind: samples, samples: 16, stage: fuse}", "{kind: flops, flops: 1e8, stage: fuse}"));
        var flops = study.arms().stream().map(arm -> study.cell(arm, 1, study.firstRate()).recipe())
                .map(recipe -> dev.fusedit.trainer.plan.Plan.of(recipe).stages().get(1)).map(stage -> stage.flopsBy(1_000_000)).toList();
        assertThat(flops).allSatisfy(of -> assertThat(of).isBetween(0.9e8, 1.1e8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"fusion", "time", "positions", "llm", "alignment", "text", "size", "layers", "tests/tiny"})
    void studiesThatComeAlongCanBeRun(String name) {
        var study = Study.read(SHIPPED.resolve(name + ".yaml"), Optional.empty());
        assertThat(study.file().name()).isEqualTo(name.replace("tests/", ""));
        assertThat(study.file().seeds()).hasSize(6);
    }

    @Test
    void cellsRunSideBySideByTheirLanes() throws IOException {
        assertThat(read(GOOD).sideBySide(2)).isEqualTo(2);
        assertThat(read(GOOD).sideBySide(1)).isEqualTo(1);
        assertThat(read(GOOD.replace("run.lanes=1", "run.lanes=auto")).sideBySide(8)).isEqualTo(1);
        var timed = read(GOOD.replace("{kind: samples, samples: 16, stage: fuse}", "{kind: minutes, minutes: 3}"));
        assertThat(timed.sideBySide(8)).as("a neighbour takes time").isEqualTo(1);
        assertThat(timed.cell(timed.arms().getFirst(), 1, timed.firstRate()).trainCommand()).endsWith(" --minutes 3");
    }

    /// A denoiser that looks at each pixel alone and knows their mean and deviation s: its flow loss, s² / ((1 - σ)² s² + σ²), over σ as the
    /// studies that come along draw it.
    @Test
    void theFloorOfTheFlowLossIsThatOfLonelyPixels() {
        var values = IntStream.range(0, 500).mapToObj(i -> Blocks.sample(1, i, Split.TRAIN).rgb())
                .flatMapToDouble(rgb -> IntStream.range(0, rgb.length).mapToDouble(i -> (rgb[i] & 255) / 127.5 - 1)).toArray();
        double mean = java.util.Arrays.stream(values).average().orElseThrow();
        double deviation = Math.sqrt(java.util.Arrays.stream(values).map(value -> (value - mean) * (value - mean)).average().orElseThrow());
        var losses = IntStream.range(0, 256).mapToObj(i -> {
            double sigma = (i + 0.5) / 256, seen = (1 - sigma) * deviation;
            return deviation * deviation / (seen * seen + sigma * sigma);
        }).toList();
        assertThat(NoiseShares.of(Recipe.find("studies/forgetting", List.of())).mean(losses)).isBetween(0.475, 0.485);
    }
}
