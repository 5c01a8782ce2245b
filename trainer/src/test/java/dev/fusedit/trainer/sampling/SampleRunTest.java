package dev.fusedit.trainer.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.fusion.flow.Guidance;
import dev.fusedit.fusion.flow.NoiseRange;
import dev.fusedit.fusion.flow.Solver;
import dev.fusedit.fusion.pipeline.ImageRequest;
import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.fusion.pipeline.RequestCheck;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.log.PngText;
import dev.fusedit.trainer.log.ProgramVersion;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.stage.TinyStage;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class SampleRunTest {
    private static final List<String> PROMPTS = List.of("a red circle", "two blue squares");

    @TempDir
    Path temp;

    private TinyStage tiny;
    private TensorScope scope;
    private LoadedPipeline model;

    private static final class Stop extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    @BeforeEach
    void aModel() {
        tiny = TinyStage.of("sampling.steps=2", "sampling.guidance=2", "sampling.batch=2");
        scope = TensorScope.open();
        model = RunPipeline.of(tiny.recipe, tiny.bundle);
    }

    @AfterEach
    void close() {
        scope.close();
        tiny.close();
    }

    private ImageRequest request() { return model.defaults().request(PROMPTS).each(3).seed(Seed.of(5)); }

    private void write(ImageRequest request, Path out) { SampleRun.of(model, request).write(out); }

    /// Throws at a step.
    private void stopAt(int step, Path out) {
        var steps = new AtomicInteger();
        assertThatThrownBy(() -> SampleRun.of(model, request()).write(SampleOutput.of(out, false), false, ProgressLine.silent(), () -> {
            if (steps.incrementAndGet() == step) throw new Stop();
        })).isInstanceOf(Stop.class);
    }

    private static TreeMap<String, String> contents(Path folder) throws IOException {
        var contents = new TreeMap<String, String>();
        try (var files = Files.list(folder)) {
            for (var file : files.toList())
                contents.put(file.getFileName().toString(), new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
        }
        return contents;
    }

    private static JsonNode line(Path folder, int place) throws IOException {
        return new ObjectMapper().readTree(Files.readAllLines(folder.resolve("prompts.jsonl")).get(place));
    }

    @Test
    void whatWasStoppedGoesOnAndIsWhatAWholeRunMakes() throws IOException {
        var whole = temp.resolve("whole");
        write(request(), whole);
        assertThat(contents(whole)).containsOnlyKeys("00000.png", "00001.png", "00002.png", "00003.png", "00004.png", "00005.png",
                "prompts.jsonl");

        var parts = temp.resolve("parts");
        stopAt(4, parts); // in the second batch's last step
        assertThat(contents(parts)).as("the first batch is on the disk").containsOnlyKeys("00000.png", "00001.png", "prompts.jsonl",
                "unfinished.json");
        stopAt(3, parts);
        assertThat(contents(parts)).containsKey("00003.png").doesNotContainKey("00004.png");
        write(request(), parts);
        assertThat(contents(parts)).isEqualTo(contents(whole));
    }

    @Test
    void goesOnBehindTheLastWholeLineOfAnImageThatIsThere() throws IOException {
        var whole = temp.resolve("whole");
        write(request(), whole);
        var parts = temp.resolve("parts");
        stopAt(6, parts);
        var lines = Files.readString(parts.resolve("prompts.jsonl"));
        Files.writeString(parts.resolve("prompts.jsonl"), lines.substring(0, lines.length() - 9)); // its write was cut short
        write(request(), parts);
        assertThat(contents(parts)).isEqualTo(contents(whole));
    }

    @Test
    void anotherCallNeitherMixesNorReplacesUnlessForced() throws IOException {
        var out = temp.resolve("out");
        stopAt(4, out);
        assertThatThrownBy(() -> write(request().steps(3), out)).isInstanceOf(UserError.class).hasMessageContaining("differs in steps")
                .hasMessageContaining("--force");
        assertThatThrownBy(() -> write(request().seed(Seed.of(6)), out)).hasMessageContaining("differs in seed");
        assertThatThrownBy(() -> write(model.defaults().request(PROMPTS.reversed()).each(3).seed(Seed.of(5)), out))
                .hasMessageContaining("differs in prompts");
        assertThatThrownBy(() -> new SampleRun(model, request(), "another", SampleNotes.NAMELESS).write(out))
                .hasMessageContaining("differs in model");
        write(request(), out);
        var before = contents(out);
        for (var again : List.of(request(), request().each(1))) {
            assertThatThrownBy(() -> write(again, out)).isInstanceOf(UserError.class).hasMessageContaining("is there already");
        }
        assertThat(contents(out)).isEqualTo(before);

        Files.writeString(out.resolve("mine.txt"), "x");
        SampleRun.of(model, request().each(1)).write(SampleOutput.of(out, true), true, ProgressLine.silent(), () -> {});
        assertThat(contents(out)).as("the old images are gone, other files are not").containsOnlyKeys("00000.png", "00001.png",
                "prompts.jsonl", "mine.txt");
    }

    /// What memory does not hold, for example, is mended by another `--batch`.
    @Test
    void aCallThatMadeNoImageKeepsNobodyOut() throws IOException {
        var out = temp.resolve("out");
        stopAt(1, out);
        assertThat(contents(out)).containsOnlyKeys("unfinished.json");
        write(request().steps(1), out);
        assertThat(contents(out)).containsKey("00005.png").doesNotContainKey("unfinished.json");
    }

    @Test
    void twoDoNotWriteIntoOneFolder() throws IOException {
        var out = temp.resolve("out");
        stopAt(4, out);
        try (var other = FileChannel.open(out.resolve("unfinished.json"), StandardOpenOption.WRITE); var _ = other.lock()) {
            assertThatThrownBy(() -> write(request(), out)).isInstanceOf(UserError.class).hasMessageContaining("in use");
        }
        write(request(), out);
    }

    @Test
    void anImagesOwnSeedMakesItAgainAlone() throws IOException {
        write(request(), temp.resolve("all"));
        assertThat(line(temp.resolve("all"), 0).get("seed").asLong()).as("the first one's is the call's").isEqualTo(5);
        for (int place : new int[] {0, 2, 3, 5}) {
            var line = line(temp.resolve("all"), place);
            var alone = temp.resolve("alone" + place);
            write(model.defaults().request(List.of(line.get("prompt").asText())).seed(Seed.of(line.get("seed").asLong())), alone);
            assertThat(distance(alone.resolve("00000.png"), temp.resolve("all").resolve(line.get("file").asText())))
                    .as("image %s, up to rounding in another batch", place).isLessThanOrEqualTo(1);
        }
        assertThat(distance(temp.resolve("all/00001.png"), temp.resolve("all/00002.png"))).isGreaterThan(10);
    }

    private static int distance(Path one, Path other) throws IOException {
        byte[] a = PngImage.read(one).rgb(), b = PngImage.read(other).rgb();
        int most = 0;
        for (int i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] & 255) - (b[i] & 255)));
        return most;
    }

    @Test
    void aGridIsMadeOfImagesThatAreKeptUntilAllAreThere() throws IOException {
        var out = temp.resolve("grid.png");
        stopAt(5, out);
        assertThat(contents(temp.resolve(".grid.png.unfinished"))).containsKey("00001.png");
        assertThat(out).doesNotExist();
        write(request(), out);
        assertThat(temp.resolve(".grid.png.unfinished")).doesNotExist();
        write(request(), temp.resolve("whole.png"));
        assertThat(out).hasSameBinaryContentAs(temp.resolve("whole.png"));
        assertThatThrownBy(() -> write(request(), out)).isInstanceOf(UserError.class).hasMessageContaining("is there already");
        assertThatThrownBy(() -> write(request().each(1_000_000), temp.resolve("large.png"))).isInstanceOf(UserError.class)
                .hasMessageContaining("too many for one .png");
    }

    @Test
    void aFileSaysHowItsImageWasMade() throws IOException {
        SampleRun.of(model, model.defaults().request(List.of("a café, 𝐫𝐞𝐝")).negative("blue").seed(Seed.of(5)))
                .write(temp.resolve("out"));
        var bytes = Files.readString(temp.resolve("out/00000.png"), StandardCharsets.ISO_8859_1);
        var text = new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        assertThat(text).contains("iTXtSoftware\0\0\0\0\0fusedit", "iTXtprompt\0\0\0\0\0a café, 𝐫𝐞𝐝", "iTXtnegative\0\0\0\0\0blue",
                "iTXtseed\0\0\0\0\0" + 5, "iTXtsteps\0\0\0\0\0" + 2, "iTXtguidance\0\0\0\0\0002.0", "iTXtsolver\0\0\0\0\0euler");
    }

    /// The layout of AUTOMATIC1111's infotext, which other web UIs read too.
    @Test
    void webUisReadHowItWasMade() throws IOException {
        var notes = SampleNotes.of(new ModelFingerprint("0123456789abcdef"));
        new SampleRun(model, model.defaults().request(List.of("a red circle,\nand more")).negative("blue").guidance(2.5).seed(Seed.of(5)),
                "",
                notes).write(temp.resolve("out"));
        var texts = PngText.read(Files.readAllBytes(temp.resolve("out/00000.png")));
        assertThat(texts.get("parameters")).isEqualTo("""
                a red circle,
                and more
                Negative prompt: blue
                Steps: 2, Sampler: Euler, CFG scale: 2.5, Seed: 5, Size: 32x32, Model hash: 0123456789, Version: fusedit %s"""
                .formatted(ProgramVersion.number()));
    }

    private void makeAgain(Path file, Path out) {
        var image = RememberedImage.read(file);
        var output = SampleOutput.of(out, false);
        SampleRun.of(model, image.request()).write(image.grid() ? output : output.single(), false, ProgressLine.silent(), () -> {});
    }

    @Test
    void anImageIsMadeAgainFromItsFile() throws IOException {
        var way = model.defaults().request(PROMPTS).each(2).negative("green").solver(Solver.HEUN).steps(3).seed(Seed.of(-5));
        write(way, temp.resolve("all"));
        for (int place = 0; place < 4; place++) {
            var made = temp.resolve("all/0000" + place + ".png");
            makeAgain(made, temp.resolve(place + ".png"));
            assertThat(distance(temp.resolve(place + ".png"), made)).as("up to rounding in another batch").isLessThanOrEqualTo(1);
        }
        makeAgain(temp.resolve("3.png"), temp.resolve("once more.png"));
        assertThat(temp.resolve("once more.png")).hasSameBinaryContentAs(temp.resolve("3.png"));
        write(way, temp.resolve("grid.png"));
        makeAgain(temp.resolve("grid.png"), temp.resolve("same grid.png"));
        assertThat(temp.resolve("same grid.png")).hasSameBinaryContentAs(temp.resolve("grid.png"));
    }

    @Test
    void onlyTheModelThatMadeAnImageMakesItAgain() {
        var its = ModelFingerprint.of(model);
        new SampleRun(model, request(), "", SampleNotes.of(its)).write(temp.resolve("out"));
        var image = RememberedImage.read(temp.resolve("out/00001.png"));
        image.requireModel(Path.of("runs/x"), its);
        assertThatThrownBy(() -> image.requireModel(Path.of("runs/x"), new ModelFingerprint("00112233445566")))
                .isInstanceOf(UserError.class)
                .hasMessageContainingAll("00001.png", "another model", its.brief(), "0011223344",
                        "sample --model runs/x --prompt 'a red circle'",
                        "--seed " + image.seed().value(), "--guidance 2.0", "--guidance-interval 0.0..1.0");
    }

    /// Another model may be guided at other levels unless told otherwise.
    @Test
    void theCommandForAnotherModelSaysWhatIsGuided() {
        var guided = request().guidance(new Guidance(3, new NoiseRange(0.1, 0.8)));
        var known = new ModelFingerprint("00112233445566");
        new SampleRun(model, guided, "", SampleNotes.of(ModelFingerprint.of(model))).write(temp.resolve("out"));
        var image = RememberedImage.read(temp.resolve("out/00000.png"));
        assertThatThrownBy(() -> image.requireModel(Path.of("runs/x"), known)).hasMessageContaining("--guidance-interval 0.1..0.8");
        new SampleRun(model, request().guidance(1), "", SampleNotes.of(ModelFingerprint.of(model))).write(temp.resolve("plain"));
        var plain = RememberedImage.read(temp.resolve("plain/00000.png"));
        assertThatThrownBy(() -> plain.requireModel(Path.of("runs/x"), known)).isInstanceOf(UserError.class)
                .hasMessageContaining("--guidance 1.0").message().doesNotContain("--guidance-interval");
    }

    @Test
    void aFileThatDoesNotSayHowItWasMadeIsRefused() throws IOException {
        SampleRun.of(model, request()).noted(SampleNotes.NONE).write(temp.resolve("mute"));
        var mute = temp.resolve("mute/00000.png");
        assertThat(PngText.read(Files.readAllBytes(mute))).isEmpty();
        assertThatThrownBy(() -> RememberedImage.read(mute)).isInstanceOf(UserError.class)
                .hasMessageContainingAll("does not say how it was made", "--no-metadata");
        assertThatThrownBy(() -> RememberedImage.read(temp.resolve("none.png"))).hasMessageContaining("no such file");
        write(request().each(1), temp.resolve("out"));
        var whole = Files.readAllBytes(temp.resolve("out/00000.png"));
        for (int length : new int[] {0, 7, 40, 60, whole.length - 1}) {
            var cut = Files.write(temp.resolve("cut.png"), Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> RememberedImage.read(cut)).isInstanceOf(UserError.class).hasMessageContaining("cut.png");
        }
        whole[90] ^= 1;
        var damaged = Files.write(temp.resolve("damaged.png"), whole);
        assertThatThrownBy(() -> RememberedImage.read(damaged)).isInstanceOf(UserError.class).hasMessageContaining("damaged");
    }

    @Test
    void whatWouldHaveNoEffectIsRefused() {
        var plain = model.defaults().request(PROMPTS);
        assertThatThrownBy(() -> SampleRun.of(model, plain.guidance(1).negative("blue"))).isInstanceOf(UserError.class)
                .hasMessageContaining("negative prompt \"blue\" has no effect");
        var never = Guidance.of(4).at(new NoiseRange(0.6, 0.9));
        assertThatThrownBy(() -> SampleRun.of(model, plain.guidance(never))).isInstanceOf(UserError.class)
                .hasMessageContaining("guidance 4.0 has no effect").hasMessageContaining("0.6..0.9");
        SampleRun.of(model, plain.guidance(4).negative("blue"));
        SampleRun.of(model, plain.guidance(1));
    }

    @Test
    void aPromptThatIsLongerThanWhatTheModelReadsIsSaidWithBothNumbers() {
        int longest = tiny.recipe.model().llm().maxTokens();
        assertThat(model.defaults().longest()).isEqualTo(longest);
        var words = new ArrayList<String>();
        for (int i = 0; i < longest + 4; i++) words.add("red");
        var prompt = String.join(" ", words);
        assertThat(RequestCheck.unread(model.pipeline(), model.defaults().request(List.of("a red circle", prompt)))).singleElement()
                .satisfies(said -> assertThat(said).contains("red red", "has " + (longest + 5) + " tokens", "reads " + longest));
        assertThat(RequestCheck.unread(model.pipeline(), model.defaults().request(PROMPTS).negative(prompt))).singleElement()
                .satisfies(said -> assertThat(said).contains("the negative prompt"));
    }

    @Test
    void placesThatTakeNoImagesAreRefused() throws IOException {
        for (var place : List.of("/", "", "pictures.jpg", "pictures.JPEG", "a.webp", "a.tiff")) {
            assertThatThrownBy(() -> SampleOutput.of(Path.of(place), false)).as(place).isInstanceOf(UserError.class)
                    .hasMessageContaining("--out");
        }
        var folder = Files.createDirectories(temp.resolve("dated.jpg"));
        assertThat(SampleOutput.of(folder, false)).as("it is a folder").isInstanceOf(SampleOutput.Folder.class);
        assertThat(SampleOutput.of(temp.resolve("run.v2"), false)).isInstanceOf(SampleOutput.Folder.class);
        assertThat(temp.resolve("run.v2")).as("nothing is made yet").doesNotExist();
    }

    @Test
    void promptsAreReadAsUtf8AndNothingElse() throws IOException {
        var file = Files.write(temp.resolve("p.txt"), "\ufeffa red circle\r\n\n  a café\n".getBytes(StandardCharsets.UTF_8));
        assertThat(PromptFile.read(file)).containsExactly("a red circle", "a café");
        assertRefused("a red circle\ncaf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1), "wrong.txt:2: the byte E9 is not UTF-8");
        assertRefused("\ufeffa red circle".getBytes(StandardCharsets.UTF_16LE), "UTF-16");
        assertRefused("a red circle".getBytes(StandardCharsets.UTF_16LE), "UTF-16");
        assertRefused("\ufeff\n \n".getBytes(StandardCharsets.UTF_8), "has no prompt");
    }

    private void assertRefused(byte[] bytes, String what) throws IOException {
        var file = Files.write(temp.resolve("wrong.txt"), bytes);
        assertThatThrownBy(() -> PromptFile.read(file)).isInstanceOf(UserError.class).hasMessageContaining("wrong.txt")
                .hasMessageContaining(what);
    }
}
