package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.trainer.log.ShellWords;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainCommandTest {
    /// Of a run that several tests look at and none changes.
    @TempDir
    private static Path once;
    private static Path whole;
    private static Ran trained;

    @TempDir
    Path temp;

    @BeforeAll
    static void train() {
        whole = once.resolve("run");
        trained = run("train", "tests/minimal", "--out", whole);
    }

    private record Ran(int status, String out, String err) {}

    private static Ran run(Object... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        int status = Main.run(Arrays.stream(args).map(Object::toString).toArray(String[]::new), new PrintWriter(out, true),
                new PrintWriter(err, true));
        return new Ran(status, out.toString(), err.toString());
    }

    @Test
    void trainsAndSamplesFromWhatItLeft() throws IOException {
        assertThat(trained.status()).as(trained.err()).isZero();
        assertThat(trained.out()).contains("Blocks", "attribution", "samples.png");

        var prompts = Files.writeString(temp.resolve("prompts.txt"), "a red circle\n\ntwo blue squares\n");
        var images = temp.resolve("pictures");
        var sampled = run("sample", "--model", whole, "--prompt-file", prompts, "--out", images, "--seed", 3, "-n", 2);
        assertThat(sampled.status()).as(sampled.err()).isZero();
        assertThat(images.resolve("00003.png")).exists();
        assertThat(images.resolve("00004.png")).doesNotExist();
        assertThat(Files.readAllLines(images.resolve("prompts.jsonl"))).hasSize(4).first()
                .isEqualTo("{\"file\":\"00000.png\",\"prompt\":\"a red circle\",\"seed\":3}");

        var grid = temp.resolve("grid.png");
        var generated =
                run("sample", "--model", whole.resolve("checkpoints/latest"), "--prompt", "a crimsonish circle", "-n", 4, "--out", grid);
        assertThat(generated.status()).isZero();
        assertThat(generated.err()).contains("crimsonish");
        assertThat(grid).exists();
    }

    /// And the page tells how it was asked for.
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aHookIsToldAndOneOfARecipeNeedsLeave() throws IOException {
        var out = temp.resolve("run");
        var rows = temp.resolve("it's rows");
        var hook = "logging.hook=cat > " + ShellWords.quoted(rows.toString());
        var trained = run("train", "tests/minimal", "--out", out, "--set", hook, "--set", "stages.joint.lr.dit=0.5");
        assertThat(trained.status()).as(trained.err()).isZero();
        var lines = new ArrayList<JsonNode>();
        for (var line : Files.readAllLines(rows)) lines.add(new ObjectMapper().readTree(line));
        assertThat(lines).extracting(line -> line.path("event").asText()).hasSize(13).startsWith("start").contains("preview")
                .endsWith("end");
        assertThat(lines.getFirst().path("run").asText()).isEqualTo(out.toAbsolutePath().toString());
        assertThat(lines.getLast().path("finished").asBoolean()).isTrue();
        assertThat(lines).filteredOn(line -> line.has("path")).singleElement()
                .satisfies(line -> assertThat(Path.of(line.path("path").asText())).exists());
        assertThat(lines).filteredOn(line -> !line.has("event")).extracting(Object::toString)
                .isEqualTo(Files.readAllLines(out.resolve("metrics.jsonl")));
        assertThat(out.resolve("report.html")).content().contains("Finished", "differs from tests/minimal",
                "stages.joint.lr.dit<td>0.001<td>0.5",
                "train tests/minimal --out", "recipe.yaml --out " + out + "-again --allow-hook");

        var other = temp.resolve("other");
        var refused = run("train", out.resolve("recipe.yaml"), "--out", other);
        assertThat(refused.status()).isEqualTo(2);
        assertThat(refused.err()).contains("logging.hook: cat > ", "Give --allow-hook");
        assertThat(other).doesNotExist();
        assertThat(run("train", out.resolve("recipe.yaml"), "--out", other, "--allow-hook", "--max-steps", 1).status())
                .isZero();
    }

    @Test
    void aSavedModelIsExaminedAsTheRunWas() throws IOException {
        var json = new ObjectMapper();
        var exam = run("eval", "--model", whole, "--json");
        assertThat(exam.status()).as(exam.err()).isZero();
        assertThat(json.readTree(exam.out()).get("blocks")).isEqualTo(json.readTree(whole.resolve("result.json").toFile()).get("blocks"));

        var other =
                json.readTree(run("eval", "--model", whole.resolve("checkpoints/latest"), "--sets", "heldout", "--prompts-per-kind", 1,
                        "--solver",
                        "heun", "--steps", 4, "--guidance", 2, "--guidance-interval", "0.2..0.6", "--json").out());
        assertThat(other.get("blocks").fieldNames()).toIterable().containsExactly("heldout");
        assertThat(other.at("/blocks/heldout/n").asInt()).isEqualTo(6);
        assertThat(other.get("solver").asText()).isEqualTo("heun");
        assertThat(other.get("guidance_interval").toString()).isEqualTo("[0.2,0.6]");
        assertThat(other.get("evaluations").asInt()).as("at 1, 0.75, 0.75, 0.5, 0.5, 0.25, 0.25, the last four guided")
                .isEqualTo(3 + 2 * 4);
        assertThat(run("eval", "--model", whole, "--sets", "seen", "--prompts-per-kind", 1, "--solver", "dpmpp-2m").out()).contains("mean",
                "dpmpp-2m, 2 steps, guidance 2.0 at 0.0..1.0: 4 evaluations an image");
        for (var interval : List.of("0.6..0.2", "0.2", "-1..1", "0..1.5", "0.2-0.6")) {
            var refused = run("eval", "--model", whole, "--guidance-interval=" + interval);
            assertThat(refused.status()).isEqualTo(2);
            assertThat(refused.err()).contains("--guidance-interval", interval, "such as 0.2..0.8");
        }
        assertThat(run("eval", "--model", whole, "--prompts-per-kind", 0).err()).contains("--prompts-per-kind must be at least 1");
        assertThat(run("eval", "--model", whole, "--solver", "rk4").err()).contains("--solver", "dpmpp-2m");
        assertThat(run("eval", "--model", whole, "--self-check").status()).as("one of both").isEqualTo(2);
        assertThat(run("eval", "--model", temp.resolve("none")).status()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"f32, joint", "bf16, joint", "bf16, shallow-cross"})
    void whatIsExportedSamplesTheSameImages(String precision, String fusion) throws IOException {
        var trained = temp.resolve("run");
        assertThat(run("train", "tests/minimal", "--set", "run.precision=" + precision, "--set", "model.fusion=" + fusion, "--out", trained)
                .status()).isZero();
        var exported = temp.resolve("exported");
        var export = run("export", "--model", trained, "--out", exported);
        assertThat(export.status()).as(export.err()).isZero();
        assertThat(export.err()).contains("no vae/").contains("'spacing'").contains("'prediction_type'");
        assertThat(exported.resolve("README.md")).content().contains("no vae/");
        var lost = run("eval", "--model", exported, "--suite", "blocks,loss", "--prompts", 1, "--out", temp.resolve("eval"));
        assertThat(lost.status()).isEqualTo(2);
        assertThat(lost.err()).contains("suite loss needs a run or a checkpoint");
        assertThat(temp.resolve("eval")).as("said before anything is sampled").doesNotExist();

        var options = List.of("--prompt", "a red circle", "--prompt", "two blue squares", "-n", "2", "--seed", "5", "--height", "40");
        assertThat(sample(trained, "a", options).status()).isZero();
        var generated = sample(exported, "b", options);
        assertThat(generated.status()).as(generated.err()).isZero();
        for (var name : List.of("00000.png", "00001.png", "00002.png", "00003.png", "prompts.jsonl")) {
            assertThat(temp.resolve("b").resolve(name)).hasSameBinaryContentAs(temp.resolve("a").resolve(name));
        }
        assertThat(temp.resolve("a/00000.png")).as("another image of the same prompt")
                .satisfies(
                        image -> assertThat(Files.readAllBytes(image)).isNotEqualTo(Files.readAllBytes(temp.resolve("a/00001.png"))));
        assertThat(ImageIO.read(temp.resolve("b/00000.png").toFile()).getHeight()).isEqualTo(40);
        assertThat(ImageIO.read(temp.resolve("b/00000.png").toFile()).getWidth()).isEqualTo(32);
    }

    @Test
    void exportTakesTheWeightsThatItIsToldTo() throws IOException {
        assertThat(run("export", "--model", whole, "--out", temp.resolve("ema")).status()).isZero();
        assertThat(run("export", "--model", whole.resolve("checkpoints/latest"), "--out", temp.resolve("raw"), "--weights", "raw",
                "--dtype", "bf16").status()).isZero();
        for (var folder : List.of("ema", "raw")) {
            assertThat(sample(temp.resolve(folder), folder + "-pictures", List.of("--prompt", "a red circle")).status()).isZero();
        }
        assertThat(Files.readAllBytes(temp.resolve("raw-pictures/00000.png")))
                .isNotEqualTo(Files.readAllBytes(temp.resolve("ema-pictures/00000.png")));
        assertThat(Files.size(temp.resolve("raw/transformer/model.safetensors")))
                .isLessThan(Files.size(temp.resolve("ema/transformer/model.safetensors")) * 6 / 10);
        assertThat(run("info", temp.resolve("raw"), "--json").out()).contains("PixelFuseDiTPipeline").contains("\"bf16\"");
    }

    @Test
    void badSizesAndPlacesEndWithASentenceAndTwo() throws IOException {
        var odd = sample(whole, "odd", List.of("--prompt", "a red circle", "--width", "35"));
        assertThat(odd.status()).isEqualTo(2);
        assertThat(odd.err()).contains("32 x 32 and 32 x 40");
        var heun = sample(whole, "heun", List.of("--prompt", "a red circle", "--solver", "HEUN", "--guidance-interval", ".5..1"));
        assertThat(heun.status()).as(heun.err()).isZero();
        for (var option : List.of("--width", "--height", "--batch", "--steps", "-n")) {
            assertThat(sample(whole, "none", List.of("--prompt", "a", option, "0")).err()).contains(option + " must be at least 1");
        }

        var nothing = Files.createDirectories(temp.resolve("nothing/transformer"));
        var noModel = sample(nothing.getParent(), "none", List.of("--prompt", "a"));
        assertThat(noModel.status()).isEqualTo(2);
        assertThat(noModel.err()).contains("checkpoint").contains("model_index.json");
        Files.writeString(nothing.resolveSibling("model_index.json"), "{}");
        var half = sample(nothing.getParent(), "none", List.of("--prompt", "a"));
        assertThat(half.status()).isEqualTo(2);
        assertThat(half.err()).contains("transformer/config.json: no such file. A pipeline needs it");

        var taken = run("export", "--model", whole, "--out", temp);
        assertThat(taken.status()).isEqualTo(2);
        assertThat(taken.err()).contains("is not empty");
        var file = Files.writeString(temp.resolve("file"), "x");
        assertThat(run("export", "--model", whole, "--out", file).err()).contains("is a file");
        var below = run("export", "--model", whole, "--out", file.resolve("below"));
        assertThat(below.status()).isEqualTo(2);
        assertThat(below.err()).contains("file is in the way");
        assertThat(run("export", "--model", nothing, "--out", temp.resolve("x")).status()).isEqualTo(2);
        assertThat(run("export", "--model", whole, "--out", temp.resolve("x"), "--dtype", "f64").status()).isEqualTo(2);
        assertThat(temp.resolve("x")).doesNotExist();
        try (var left = Files.list(temp)) {
            assertThat(left.filter(path -> path.getFileName().toString().startsWith("."))).isEmpty();
        }
    }

    private Ran sample(Path model, String out, List<String> options) {
        var arguments = new ArrayList<Object>(List.of("sample", "--model", model, "--out", temp.resolve(out)));
        arguments.addAll(options);
        return run(arguments.toArray());
    }

    @Test
    void aDeviceThatIsNotThereIsASentenceAndThree() {
        assumeThat(Path.of("/dev/nvidiactl")).doesNotExist();
        var out = temp.resolve("run");
        var trained = run("train", "tests/minimal", "--out", out, "--set", "run.device=cuda");
        assertThat(trained.status()).isEqualTo(3);
        assertThat(trained.err()).contains("The device cuda:0 was asked for, but libtorch ", "run.device: cpu").hasLineCount(1);
        assertThat(out).doesNotExist();
    }

    @Test
    void trainsATeacherInTheSameWay() throws IOException {
        var out = temp.resolve("run");
        List<Object> command =
                List.of("train", "blocks-teacher", "--out", out, "--set", "teacher={width: 16, layers: 1, heads: 2, patch: 8}",
                        "--set", "learning.steps=4", "--set", "learning.warm_up=1", "--set", "learning.batch=4", "--set",
                        "probes={fitted: 20, judged: 20}");
        var stopping = new ArrayList<>(command);
        stopping.addAll(List.of("--max-steps", 2));
        var stopped = run(stopping.toArray());
        assertThat(stopped.status()).as(stopped.err()).isZero();
        assertThat(stopped.out()).contains("Stopped after step 2", "Go on: ./fusedit train blocks-teacher");
        assertThat(out.resolve("checkpoints/step-2/config.json")).exists();
        var trained = run(command.toArray());
        assertThat(trained.status()).as(trained.err()).isZero();
        assertThat(trained.out()).contains("held-out shape", "trained", "random", "pixels", "4 steps in");
        assertThat(new ObjectMapper().readTree(out.resolve("result.json").toFile()).get("steps").asInt()).isEqualTo(4);
        assertThat(run(command.toArray()).out()).contains("is finished");
        var other = new ArrayList<>(command);
        other.addAll(List.of("--set", "run.seed=9"));
        var refused = run(other.toArray());
        assertThat(refused.status()).isEqualTo(2);
        assertThat(refused.err()).contains("of another recipe");
    }

    @Test
    void aTeachersPlaceIsQuotedForYaml() {
        assertThat(TrainCommand.inYaml(Path.of("runs/blocks-teacher"))).isEqualTo("runs/blocks-teacher");
        assertThat(TrainCommand.inYaml(Path.of("my run: \"a\", {b} # c"))).isEqualTo("\"my run: \\\"a\\\", {b} # c\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tests/minimal", "blocks-teacher"})
    void oneProcessAloneSharesNothingOut(String recipe) {
        var refused = run("train", recipe, "--shard", "optimizer", "--out", temp.resolve("run"));
        assertThat(refused.status()).isEqualTo(2);
        assertThat(refused.err()).contains("--shard shares out among processes", "./fusedit launch --nproc N -- train");
        assertThat(temp.resolve("run")).doesNotExist();
    }

    @Test
    void mistakesEndWithASentenceAndTwo() throws IOException {
        var recipe = Files.writeString(temp.resolve("r.yaml"), "run: {name: x}\nmodell: {}\n");
        var wrongKey = run("train", recipe, "--out", temp.resolve("a"));
        assertThat(wrongKey.status()).isEqualTo(2);
        assertThat(wrongKey.err()).contains("r.yaml:2").contains("modell").contains("Did you mean 'model'?").doesNotContain("\tat ");

        assertThat(run("train", Files.writeString(temp.resolve("empty.yaml"), ""), "--out", temp.resolve("b")).status()).isEqualTo(2);
        var unknown = run("train", "quikstart", "--out", temp.resolve("c"));
        assertThat(unknown.status()).isEqualTo(2);
        assertThat(unknown.err()).contains("quickstart");

        var file = Files.writeString(temp.resolve("file"), "x");
        assertThat(run("train", "tests/minimal", "--out", file).status()).isEqualTo(2);
        assertThat(run("train", "tests/minimal", "--out", file.resolve("below")).status()).isEqualTo(2);
        var full = run("train", "tests/minimal", "--out", temp);
        assertThat(full.status()).as("a folder with other things in it").isEqualTo(2);
        assertThat(run("train", "tests/minimal", "--minutes", "-1", "--out", temp.resolve("d")).status()).isEqualTo(2);

        assertThat(run("sample", "--model", temp.resolve("none"), "--prompt", "x", "--out", temp.resolve("x.png")).status()).isEqualTo(2);
        assertThat(run("sample", "--model", file, "--prompt", "x", "--out", temp.resolve("x.png")).status()).isEqualTo(2);
        assertThat(run("sample", "--model", temp, "--out", temp.resolve("x.png")).status()).as("neither prompt nor prompts").isEqualTo(2);
        for (var charset : List.of(StandardCharsets.ISO_8859_1, StandardCharsets.UTF_16)) {
            var prompts = Files.write(temp.resolve("prompts.txt"), "a red circle\na café\n".getBytes(charset));
            var refused = run("sample", "--model", temp, "--prompt-file", prompts, "--out", temp.resolve("x.png"));
            assertThat(refused.status()).isEqualTo(2);
            assertThat(refused.err()).contains(prompts.toString(), "UTF-8: iconv -f").doesNotContain("Input length");
        }
    }

    // ---- going on

    @Test
    void theSameCommandGoesOnAndItsHashIsThatOfAWholeRun() throws IOException {
        var out = temp.resolve("in parts");
        var paused = run("train", "tests/minimal", "--out", out, "--max-steps", 4);
        assertThat(paused.status()).as(paused.err()).isZero();
        assertThat(paused.out()).contains("Stopped after step 4").contains("./fusedit train tests/minimal --out '" + out + "'");
        assertThat(out.resolve("result.json")).doesNotExist();
        var after4 = hash(out);
        assertThat(run("train", "tests/minimal", "--out", out, "--max-steps", 3).status()).as("it is further than that").isZero();
        assertThat(hash(out)).isEqualTo(after4);
        var finished = run("train", "tests/minimal", "--out", out);
        assertThat(finished.status()).as(finished.err()).isZero();
        assertThat(finished.out()).contains("attribution");
        assertThat(hash(out)).isEqualTo(hash(whole)).isNotEqualTo(after4);
        assertThat(out.resolve("samples.png")).hasSameBinaryContentAs(whole.resolve("samples.png"));

        var again = run("train", "tests/minimal", "--out", out);
        assertThat(again.status()).isZero();
        assertThat(again.out()).contains("is finished");
        assertThat(run("train", "tests/minimal", "--out", out, "--max-steps", 0).status()).isEqualTo(2);
    }

    @Test
    void aChangedRecipeIsRefusedWithTheDifference() {
        var out = temp.resolve("run");
        run("train", "tests/minimal", "--out", out, "--max-steps", 2);
        var changed = run("train", "tests/minimal", "--out", out, "--set", "stages.text.lr.llm=0.5");
        assertThat(changed.status()).isEqualTo(2);
        assertThat(changed.err()).contains("stages.text.lr.llm: now 0.5, was 0.001").contains("--resume force");
        assertThat(run("train", "tests/minimal", "--out", out, "--resume", "no").status()).isEqualTo(2);
        assertThat(run("train", "tests/minimal", "--out", out, "--resume", "perhaps").status()).isEqualTo(2);
        var forced = run("train", "tests/minimal", "--out", out, "--set", "stages.text.lr.llm=0.5", "--resume", "force", "--max-steps", 3);
        assertThat(forced.status()).as(forced.err()).isZero();
    }

    @Test
    void sampleRepeatsAPreview() throws IOException {
        var out = temp.resolve("my run's");
        var trained = run("train", "tests/minimal", "--out", out, "--set", "checkpoints={every: 6, keep: 9}");
        assertThat(trained.out()).contains("No caption came true yet", "Sample more: ./fusedit sample --model '"
                + out.toString().replace("'", "'\\''") + "' --prompt 'a red thing' -n 4 --out images.png");
        var generated =
                run("sample", "--model", out.resolve("checkpoints/step-6"), "--prompt-file", out.resolve("previews/prompts.txt"), "--seed",
                        7,
                        "--out", temp.resolve("again.png"));
        assertThat(generated.status()).as(generated.err()).isZero();
        var again = ImageIO.read(temp.resolve("again.png").toFile());
        var preview = ImageIO.read(out.resolve("previews/step-000006.png").toFile());
        for (int i = 0; i < 6; i++) { // a preview also has frames that tell which captions came true
            assertThat(again.getRGB(10 + 138 * i, 10, 128, 128, null, 0, 128)).as("image %d", i)
                    .isEqualTo(preview.getRGB(10 + 138 * i, 10, 128, 128, null, 0, 128));
        }
    }

    /// A machine's speed is another one each time it is measured; the run's steps are those of its first command.
    @Test
    void aRunOfSoManyMinutesGoesOnWithItsOwnSteps() throws IOException {
        var out = temp.resolve("run");
        var command = new ArrayList<Object>(List.of("train", "tests/minimal", "--out", out, "--minutes", 0.02));
        var paused = new ArrayList<>(command);
        paused.addAll(List.of("--max-steps", 1));
        assertThat(run(paused.toArray()).out()).contains("Stopped after step 1", "--minutes 0.02");
        var written = Files.readString(out.resolve("recipe.yaml"));
        assertThat(written).contains("minutes: 0.02");
        var other = new ArrayList<>(command);
        other.addAll(List.of("--set", "stages.joint.lr.dit=1e-2"));
        var refused = run(other.toArray());
        assertThat(refused.status()).isEqualTo(2);
        assertThat(refused.err()).contains("stages.joint.lr.dit").doesNotContain("stages.joint.steps");

        var finished = run(command.toArray());
        assertThat(finished.status()).as(finished.err()).isZero();
        assertThat(out.resolve("recipe.yaml")).content().isEqualTo(written);
        assertThat(out.resolve("result.json")).exists();
        assertThat(run(command.toArray()).out()).contains("is finished");
    }

    /// Equal runs have equal hashes, wherever they lie; every step changes them.
    @Test
    void theHashTellsStepsApartAndRunsNot() throws IOException {
        var hashes = new HashSet<String>();
        for (int step = 1; step <= 10; step++) {
            var arguments = new Object[] {"train", "tests/minimal", "--out", temp.resolve("a"), "--max-steps", step};
            assertThat(run(arguments).status()).isZero();
            hashes.add(hash(temp.resolve("a")));
        }
        assertThat(hashes).hasSize(10);
        run("train", "tests/minimal", "--out", temp.resolve("b"), "--max-steps", 7);
        assertThat(hashes).contains(hash(temp.resolve("b/checkpoints/latest")));
    }

    private static String hash(Path place) throws IOException {
        var told = run("info", place, "--hash", "--json");
        assertThat(told.status()).as(told.err()).isZero();
        var json = new ObjectMapper().readTree(told.out());
        assertThat(json.get("sha256_of").fieldNames()).toIterable().contains("model.safetensors", "optimizer.safetensors", "state.json");
        return json.get("sha256").textValue();
    }
}
