package dev.fusedit.trainer.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.step.DivergedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// With runs that are written down instead of trained.
class StudyRunTest {
    @TempDir
    private Path folder;
    private final List<String> ran = new ArrayList<>();
    private final List<String> said = new ArrayList<>();
    private int stopAfter = Integer.MAX_VALUE;

    /// Cross is better by 0.1, a rate of 2e-3 is best.
    private static double loss(Recipe recipe) {
        double rate = recipe.stages().get(1).lr().get("dit");
        boolean cross = recipe.canonical().contains("fusion: cross");
        return 0.5 + recipe.run().seed() % 7 / 100.0 + Math.abs(Math.log(rate / 2e-3))
                - (cross ? 0.1 + recipe.run().seed() % 3 / 100.0 : 0);
    }

    private CellProcesses pretended(ToDoubleFunction<Recipe> loss) {
        return (words, environment, log) -> {
            synchronized (this) {
                return pretend(words, environment, log, loss);
            }
        };
    }

    private int pretend(List<String> words, Map<String, String> environment, Path log, ToDoubleFunction<Recipe> loss) {
        try {
            assertThat(environment).containsEntry("OMP_NUM_THREADS", "1");
            Files.writeString(log, "says: " + words.getFirst());
            ran.add(words.getFirst());
            if (words.getFirst().equals("train")) return train(words, loss);
            var run = Path.of(words.get(words.indexOf("--model") + 1));
            double value = loss.applyAsDouble(Recipe.find(run.resolve("recipe.yaml").toString(), List.of()));
            Files.createDirectories(run.resolve("eval"));
            Files.writeString(run.resolve("eval/eval.json"), numbers(words.get(words.indexOf("--samples") + 1), value));
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String numbers(String samples, double value) {
        return "{\"loss\": {\"data\": \"Blocks, captions that training never has\", \"asked\": %s, \"bins\": [{\"value\": %s}]}, "
                .formatted(samples,
                        value)
                + "\"consistency\": {\"asked\": %s, \"gap_by_sigma\": [{\"value\": 0.1}, {\"value\": 0.3}]}}".formatted(samples);
    }

    private int train(List<String> words, ToDoubleFunction<Recipe> loss) throws IOException {
        var settings = new ArrayList<String>();
        for (int i = 0; i < words.size(); i++) if (words.get(i).equals("--set")) settings.add(words.get(i + 1));
        var recipe = Recipe.find(words.get(1), settings);
        if (Double.isNaN(loss.applyAsDouble(recipe))) return DivergedException.STATUS;
        var run = Files.createDirectories(Path.of(words.get(words.indexOf("--out") + 1)));
        Files.writeString(run.resolve("recipe.yaml"), recipe.canonical());
        Files.writeString(run.resolve("metrics.jsonl"), """
                {"step": 1, "stage": "fuse", "flow": 2, "seconds": 1, "images_per_second": 4}
                {"event": "validation", "step": 2, "flow": %s}
                """.formatted(loss.applyAsDouble(recipe)));
        Files.writeString(run.resolve("result.json"),
                """
                {"seconds": 9, "steps": 6, "images_per_second": 4, "peak_mib": 300,
                 "blocks": {"seen": {"mean": 0.5, "single": 0.25, "n": 4, "attributes": {"color": 0.75}, "shapes": {"whole": 0.5}, "intervals": {"mean": [0, 1], "single": [0, 1]}}}}""");
        return 0;
    }

    private Study study(String... changes) throws IOException {
        var text = Files.readString(StudyFileTest.SHIPPED.resolve("tests/tiny.yaml"));
        for (int i = 0; i < changes.length; i += 2) text = text.replace(changes[i], changes[i + 1]);
        return Study.read(Files.writeString(folder.resolve("tiny.yaml"), text), Optional.of(folder.resolve("out")));
    }

    private StudyResult run(Study study, ToDoubleFunction<Recipe> loss) {
        return new StudyRun(study, pretended(loss), 2, said::add, () -> ran.size() >= stopAfter).run();
    }

    @Test
    void theWholeIsRunAndToldOnce() throws IOException {
        var result = run(study(), StudyRunTest::loss);
        assertThat(result.isComplete()).isTrue();
        assertThat(ran).as("2 arms at 3 rates, and at 6 seeds, each trained and measured").hasSize(2 * (6 + 12));
        assertThat(result.rates().get("joint").rate()).isEqualTo(2e-3);
        assertThat(result.rates().get("joint").atEdge()).as("4e-3 was tried too").isFalse();
        var verdict = result.comparisons().getFirst();
        assertThat(verdict.arm()).isEqualTo("cross");
        assertThat(verdict.verdict()).isEqualTo(Verdict.BETTER);
        assertThat(verdict.mean()).isEqualTo(-0.11, within(1e-9));
        assertThat(result.notes()).isEmpty();
        StudyFiles.write(result, Optional.empty());
        assertThat(Files.readString(folder.resolve("out/table.md"))).contains("| cross | 0.002 | 6 |", "| better |",
                "OMP_NUM_THREADS=1 ./fusedit train tests/minimal", "caption gap", "seen single");
        assertThat(Files.readAllLines(folder.resolve("out/table.csv"))).hasSize(13).first().asString().startsWith(
                "study,arm,seed,rate,validation_flow,caption_gap,seen,seen_single,seen_right_color,seen_whole,");
        var json = new ObjectMapper().readTree(folder.resolve("out/table.json").toFile());
        assertThat(json.at("/arms/1/difference/verdict").asText()).isEqualTo("better");
        assertThat(json.at("/cells/11/caption_gap").asDouble())
                .isEqualTo(NoiseShares.of(Recipe.find("tests/minimal", List.of())).mean(List.of(0.1, 0.3)), within(1e-9))
                .isEqualTo(0.2, within(0.002));
        assertThat(Files.readString(folder.resolve("out/index.html"))).contains("data:image/png;base64,", "Every seed")
                .doesNotContain("src=\"http");
        assertThat(folder.resolve("out/plots/differences.png")).isNotEmptyFile();
        int before = ran.size();
        assertThat(run(study(), StudyRunTest::loss).comparisons()).isEqualTo(result.comparisons());
        assertThat(ran).as("all was there").hasSize(before);
    }

    @Test
    void aStoppedStudyGoesOn() throws IOException {
        stopAfter = 20;
        var part = run(study(), StudyRunTest::loss);
        assertThat(part.isComplete()).isFalse();
        assertThat(part.notes()).anyMatch(note -> note.startsWith("not at its end"));
        assertThat(part.comparisons()).allMatch(it -> it.verdict() == Verdict.TOO_FEW_SEEDS);
        int done = ran.size();
        stopAfter = Integer.MAX_VALUE;
        assertThat(run(study(), StudyRunTest::loss).isComplete()).isTrue();
        assertThat(ran).hasSize(36).hasSizeGreaterThan(done);
    }

    @Test
    void whatIsThereIsPublishedAsFarAsItIs() throws IOException {
        assertThatThrownBy(() -> StudyRun.there(study())).isInstanceOf(UserError.class).hasMessageContaining("no run that counts is in ");
        stopAfter = 20;
        run(study(), StudyRunTest::loss);
        int done = ran.size();
        var before = everything();
        var part = StudyRun.there(study());
        assertThat(everything()).as("a study that runs is not disturbed").isEqualTo(before);
        assertThat(part.isComplete()).isFalse();
        var pages = folder.resolve("pages/tiny");
        StudyPublication.write(part, pages);
        assertThat(Files.readString(pages.resolve("index.md"))).contains("**It has not run in full, so nothing below is a verdict.**",
                "**not at its end: ", "`cross` and `joint`, too few runs to tell: ", "# Study tiny: Does a study run to its tables?")
                .doesNotContain("is better than");
        stopAfter = Integer.MAX_VALUE;
        run(study(), StudyRunTest::loss);
        Files.writeString(pages.resolve("words.md"), "A sentence of a person's own.\n");
        StudyPublication.write(StudyRun.there(study()), pages);
        assertThat(Files.readString(pages.resolve("index.md"))).contains("It has run in full: 12 runs.", "A sentence of a person's own.",
                "- `cross` is better than `joint`: validation flow loss, arm less joint, -0.1100 (",
                "![differences](plots/differences.png)",
                "| cross | 0.002 | 6 |").doesNotContain("## Commands");
        assertThat(Files.readAllLines(pages.resolve("table.csv"))).hasSize(13).noneMatch(line -> line.contains(folder.toString()))
                .element(1).asString().contains(
                        "OMP_NUM_THREADS=1 ./fusedit train tests/minimal --out runs/studies/tiny/cells/joint/seed-1 ",
                        " && OMP_NUM_THREADS=1 ./fusedit eval --model runs/studies/tiny/cells/joint/seed-1 ",
                        " --out runs/studies/tiny/cells/joint/seed-1/eval ");
        assertThat(Files.readString(pages.resolve("index.md"))).contains("`./fusedit study recipes/studies/tiny.yaml`");
        assertThat(pages.resolve("study.yaml")).hasSameTextualContentAs(folder.resolve("tiny.yaml"));
        assertThat(ran.size()).as("by the study alone").isEqualTo(36).isGreaterThan(done);
    }

    @Test
    void whatIsLookedAtIsNotWrittenTo() throws IOException {
        run(study(), StudyRunTest::loss);
        var out = folder.resolve("out");
        Files.delete(out.resolve("study.yaml"));
        Files.delete(out.resolve("cells/cross/seed-6/eval/eval.json"));
        var before = everything();
        var other = study("seeds: [1, 2, 3, 4, 5, 6]", "seeds: [6, 5, 4, 3, 2, 1, 7]");
        assertThat(StudyRun.there(other).cells()).hasSize(11);
        assertThat(everything()).isEqualTo(before);
        assertThatThrownBy(() -> StudyRun.there(Study.read(folder.resolve("tiny.yaml"), Optional.of(folder.resolve("none")))))
                .isInstanceOf(UserError.class);
        assertThat(folder.resolve("none")).doesNotExist();
    }

    /// A folder's name that is in a word, `out` in `without` or `a` in all of them, is no place.
    @Test
    void onlyPlacesAreNamedOtherwiseInAPublication() throws IOException {
        var text = Files.readString(StudyFileTest.SHIPPED.resolve("tests/tiny.yaml"));
        var file = Files.writeString(folder.resolve("tiny.yaml"), text);
        var out = Path.of("a");
        var study = Study.read(file, Optional.of(out));
        var cell = study.cell(study.arms().getFirst(), 1, study.firstRate());
        assertThat(StudyPublication.commands(study, cell)).startsWith(
                "OMP_NUM_THREADS=1 ./fusedit train tests/minimal --out runs/studies/tiny/cells/joint/seed-1 --set run.precision=f32 ");
    }

    @Test
    void aBaseThatIsAFileIsPublishedBesideItsStudy() throws IOException {
        Files.copy(StudyFileTest.SHIPPED.resolve("../tests/minimal.yaml"), folder.resolve("own.yaml"));
        var study = study("base: tests/minimal", "base: own.yaml");
        var cell = study.cell(study.arms().getFirst(), 1, study.firstRate());
        assertThat(cell.trainCommand()).contains(folder.resolve("own.yaml").toString());
        assertThat(StudyPublication.commands(study, cell)).contains("./fusedit train recipes/studies/own.yaml --out ")
                .doesNotContain(folder.toString());
    }

    /// Of the study's folder: each file's and folder's time of change, by its place.
    private Map<String, Object> everything() throws IOException {
        var everything = new TreeMap<String, Object>();
        try (var paths = Files.walk(folder.resolve("out"))) {
            for (var path : paths.toList()) everything.put(path.toString(), Files.getLastModifiedTime(path));
        }
        return everything;
    }

    @Test
    void aRateThatDivergesIsNotTaken() throws IOException {
        var result = run(study(), recipe -> recipe.stages().get(1).lr().get("dit") > 1e-3 ? Double.NaN : loss(recipe));
        assertThat(result.rates().get("cross").rate()).isLessThanOrEqualTo(1e-3);
        assertThat(said).anyMatch(line -> line.startsWith("cross, rate 0.002: diverged:\n  says: train"));
        assertThat(StudyRun.there(study()).rates()).as("where nothing is run").isEqualTo(result.rates());
        ran.clear();
        assertThat(run(study(), StudyRunTest::loss).rates()).as("nor again").isEqualTo(result.rates());
        assertThat(ran).isEmpty();
    }

    @Test
    void anArmThatAlwaysDivergesEndsTheStudy() {
        assertThatThrownBy(() -> run(study(), _ -> Double.NaN)).isInstanceOf(UserError.class)
                .hasMessageContaining("arm 'joint' diverged at every learning rate that was tried");
    }

    /// 1 is a bug's status: it would decide which rate is tuned.
    @Test
    void aTryThatFailsOtherwiseIsNoRateThatDiverged() throws IOException {
        var study = study();
        var pretended = pretended(StudyRunTest::loss);
        CellProcesses buggy = (words, environment, log) -> words.contains("stages.fuse.lr.dit=0.002") ? 1
                : pretended.run(words, environment, log);
        assertThatThrownBy(() -> new StudyRun(study, buggy, 1, said::add, () -> false).run()).isInstanceOf(UserError.class)
                .hasMessageContaining("joint, rate 0.002 ended with exit code 1");
    }

    @Test
    void aCellThatCannotBeMadeEndsTheStudy() throws IOException {
        var study = study();
        assertThatThrownBy(() -> new StudyRun(study, (words, _, log) -> {
            try {
                Files.writeString(log, "no memory");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return 3;
        }, 1, said::add, () -> false).run()).isInstanceOf(UserError.class).hasMessageContaining("ended with exit code 3")
                .hasMessageContaining(
                        "no memory")
                .hasMessageContaining("Its command: OMP_NUM_THREADS=1 ./fusedit train");
    }

    @Test
    void theEndpointStaysAndSoDoCells() throws IOException {
        run(study(), StudyRunTest::loss);
        assertThatThrownBy(() -> run(study("metric: validation-flow, floor: 2", "metric: caption-gap"), StudyRunTest::loss))
                .isInstanceOf(UserError.class).hasMessageContaining("began with the endpoint validation-flow");
        assertThatThrownBy(() -> run(study("samples: 16, stage", "samples: 32, stage"), StudyRunTest::loss)).isInstanceOf(UserError.class)
                .hasMessageContaining("holds a run of another recipe than the study's")
                .hasMessageContaining("stages.fuse.steps: now 4, was 2");
    }

    /// Added until a difference shows, seeds would be chosen by the result; other samples would be another endpoint.
    @Test
    void seedsAndSamplesStay() throws IOException {
        run(study(), StudyRunTest::loss);
        assertThatThrownBy(() -> run(study("[1, 2, 3, 4, 5, 6]", "[1, 2, 3, 4, 5, 6, 7]"), StudyRunTest::loss))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("the seeds [1, 2, 3, 4, 5, 6], 16 samples of the built-in data, fixed before the first run");
        assertThatThrownBy(() -> run(study("samples: 16\n", "samples: 32\n"), StudyRunTest::loss)).isInstanceOf(UserError.class)
                .hasMessageContaining("fixed before the first run. Give another --out");
        assertThat(run(study(), StudyRunTest::loss).isComplete()).isTrue();
    }

    /// An evaluation of a person's own in a cell's folder is none of the study's.
    @Test
    void numbersOfOtherSamplesAreMeasuredAnew() throws IOException {
        var before = run(study(), StudyRunTest::loss).comparisons();
        int done = ran.size();
        Files.writeString(folder.resolve("out/cells/joint/seed-1/eval/eval.json"), numbers("8", 0.1));
        Files.writeString(folder.resolve("out/cells/cross/seed-2/eval/eval.json"), "{\"blocks\": {}}");
        assertThat(run(study(), StudyRunTest::loss).comparisons()).isEqualTo(before);
        assertThat(ran.subList(done, ran.size())).containsExactly("eval", "eval");
    }

    @Test
    void whatTheBestArmMastersIsMarked() throws IOException {
        run(study(), StudyRunTest::loss);
        assertThat(Files.readString(folder.resolve("out/table.md")))
                .contains("The best arm, cross, has above 0.5 (marked *): seen right color.", "| seen right color * |", "| seen single |",
                        "| seen whole |");
    }

    @Test
    void aTableAtItsFloorSaysSo() throws IOException {
        var result = run(study("floor: 2", "floor: 0.2"), StudyRunTest::loss);
        assertThat(result.notInformative()).hasValueSatisfying(note -> assertThat(note).contains("is not above the floor of 0.2"));
        assertThat(Files.readString(folder.resolve("out/table.md"))).contains("**not informative");
    }

    @Test
    void fewSeedsAreSaid() throws IOException {
        var result = run(study("[1, 2, 3, 4, 5, 6]", "[1, 2]"), StudyRunTest::loss);
        assertThat(result.notes()).contains("2 seeds are too few for a verdict: it takes 6");
        assertThat(result.comparisons().getFirst().verdict()).isEqualTo(Verdict.TOO_FEW_SEEDS);
    }
}
