package dev.fusedit.trainer.eval.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.pipeline.SamplingSettings;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.BlocksPrompts;
import dev.fusedit.trainer.data.blocks.Drawing;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.recipe.Evaluation;
import dev.fusedit.trainer.recipe.SuiteFile;
import dev.fusedit.trainer.recipe.SuiteName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class SuitesTest {
    private static final Path GOLDENS = Path.of("../fusion/src/test/resources/goldens");

    /// Images.
    @TempDir
    private Path folder;

    /// Encoders and the like.
    @TempDir
    private Path beside;

    private static SuiteRequest request(SuiteName suite, ImmutableMap<SuiteFile, Path> files, boolean official,
            Device device) {
        return new SuiteRequest(ImmutableList.of(suite), files, new Evaluation(List.of(Evaluation.ScoreSet.SEEN), 48, 0),
                OptionalInt.empty(), OptionalInt.empty(), OptionalLong.empty(), official, device);
    }

    private SuiteReport report(SuiteName suite, ImmutableMap<SuiteFile, Path> files) { return report(suite, files, Device.CPU); }

    private SuiteReport report(SuiteName suite, ImmutableMap<SuiteFile, Path> files, Device device) {
        return EvaluationRun.ofImages(folder, request(suite, files, true, device), Optional.empty()).suites().getFirst();
    }

    private void image(String name, PngImage image) throws IOException {
        Files.createDirectories(folder.resolve(name).getParent());
        Files.write(folder.resolve(name), image.png());
    }

    private static PngImage drawn(long index) { return new PngImage(32, 32, Blocks.sample(5, index, Split.SEEN).rgb()); }

    private Path text(String name, String... lines) throws IOException {
        return Files.writeString(folder.resolve(name), String.join("\n", lines).replace('\'', '"') + "\n");
    }

    @Test
    void drawnBlocksScoreOneAndWhatIsMissingIsSaid() throws IOException {
        var captions = BlocksPrompts.of(Split.SEEN);
        var lines = new StringBuilder();
        int drawn = 0;
        for (long i = 0; drawn < 40; i++) {
            var sample = Blocks.sample(5, i, Split.SEEN);
            if (captions.stream().noneMatch(caption -> caption.text().equals(sample.caption().text())) || lines.toString()
                    .contains("\"" + sample.caption().text() + "\""))
                continue;
            image("any-%d.png".formatted(drawn), new PngImage(64, 64, Drawing.draw(sample.scene(), 64)));
            lines.append("{\"file\": \"any-%d.png\", \"prompt\": \"%s\"}\n".formatted(drawn++, sample.caption().text()));
        }
        Files.writeString(folder.resolve("prompts.jsonl"), lines);
        var report = report(SuiteName.BLOCKS, ImmutableMap.of());
        assertThat(report.json().at("/seen/mean").asDouble()).isEqualTo(1.0);
        assertThat(report.json().at("/seen/n").asInt()).isEqualTo(40);
        assertThat(report.json().at("/seen/shapes/right_if_whole").asDouble()).isEqualTo(1.0);
        assertThat(report.notes()).containsExactly("248 of the suite's 288 images are not there; the numbers are of the others");
        assertThat(report.shown()).hasSize(40).allMatch(shown -> shown.verdict().equals("✓"));
    }

    @Test
    void genEvalIsScoredFromDetections() throws IOException {
        var prompts = text("prompts", "{'tag': 'single_object', 'include': [{'class': 'bench', 'count': 1}], 'prompt': 'a bench'}",
                "{'tag': 'counting', 'include': [{'class': 'cow', 'count': 1}], 'exclude': [{'class': 'cow', 'count': 2}], "
                        + "'prompt': 'a cow'}");
        for (int i = 0; i < 8; i++) image("0000%d/samples/000%d.png".formatted(i / 4, i % 4), drawn(i));
        var seen = text("seen", "{'file': '00000/samples/0000.png', 'objects': [{'class': 'bench', 'score': 0.9, 'box': [0, 0, 9, 9]}]}",
                "{'file': '00000/samples/0001.png', 'objects': []}",
                "{'file': '00001/samples/0000.png', 'objects': [{'class': 'cow', 'score': 0.95, 'box': [0, 0, 9, 9]}]}");
        var files = ImmutableMap.of(SuiteFile.GENEVAL_PROMPTS, prompts, SuiteFile.DETECTIONS, seen);
        var report = report(SuiteName.GENEVAL, files);
        assertThat(report.json().at("/by_tag/single_object/value").asDouble()).isEqualTo(0.5);
        assertThat(report.json().at("/by_tag/counting/value").asDouble()).isEqualTo(1);
        assertThat(report.json().at("/overall/value").asDouble()).as("each tag counts the same").isEqualTo(0.75);
        assertThat(report.notes()).contains("prompts: original", "5 of 8 images have no detections",
                "published figures are of 553 prompts with 4 images each, these of 2 with 4");
        assertThat(report(SuiteName.GENEVAL, ImmutableMap.of(SuiteFile.GENEVAL_PROMPTS, prompts)).notes().toString())
                .contains("no detections yet");
        var rewritten = text("rewritten", "a wooden bench in a park");
        assertThatThrownBy(
                () -> report(SuiteName.GENEVAL, ImmutableMap.of(SuiteFile.GENEVAL_PROMPTS, prompts, SuiteFile.REWRITTEN, rewritten)))
                .isInstanceOf(UserError.class).hasMessageContaining("has 1 prompts, and there are 2 to rewrite");
    }

    @Test
    void dpgCountsAsPublishedAndAsTheScript() throws IOException {
        var prompts = text("prompts.json", "[['a1', 'a red cat'], ['b2', 'a dog']]");
        for (var id : List.of("a1", "b2")) image(id + ".png", drawn(1));
        var questions = text("questions.csv", "item_id,text,proposition_id,dependency,tuple,question_natural_language",
                "a1,x,1,0,'entity - whole (cat)','Is there a cat?'", "a1,x,2,1,'attribute - color (cat, red)','Is it red?'",
                "b2,x,1,0,'entity - whole (dog)','Is there a dog?'", "b2,x,2,1,'attribute - size (dog, big)','Is it big?'");
        var answers = text("answers", "{'item': 'a1', 'images': [{'1': 'yes', '2': 'yes'}, {'1': 'no', '2': 'yes'}]}",
                "{'item': 'b2', 'images': [{'1': 'yes', '2': 'no'}, {'1': 'no', '2': 'yes'}]}");
        var report = report(SuiteName.DPG, ImmutableMap.of(SuiteFile.DPG_PROMPTS, prompts, SuiteFile.DPG_QUESTIONS, questions,
                SuiteFile.DPG_ANSWERS, answers));
        assertThat(report.json().at("/score/value").asDouble()).as("(1 + 0) / 2 and (1/2 + 0) / 2").isCloseTo(37.5, within(1e-9));
        assertThat(report.json().at("/l1/attribute/value").asDouble()).as("one of four counts").isCloseTo(25, within(1e-9));
        assertThat(report.json().at("/official/n").asInt()).as("a1 asks for the dropped row").isEqualTo(1);
        assertThat(report.json().at("/official/score").asDouble()).isCloseTo(25, within(1e-9));
        assertThat(report.json().at("/official/l1/attribute").asDouble()).as("the last image, not zeroed").isCloseTo(100, within(1e-9));
        assertThat(report.notes().toString()).contains("published figures are of 1065 prompts, these of 2",
                "1 of 2 prompts leave the mean", "2 of 2 prompts have answers of more or fewer images than 4")
                .doesNotContain("are missing");
        text("answers", "{'item': 'a1', 'images': [{'1': 'yes'}, {'1': 'yes', '2': 'yes'}, {'1': 'yes', '2': 'yes'}, {'2': 'yes'}]}",
                "{'item': 'b2', 'images': [{'1': 'yes', '2': 'yes', '9': 'yes'}]}");
        var lacking = report(SuiteName.DPG, ImmutableMap.of(SuiteFile.DPG_PROMPTS, prompts, SuiteFile.DPG_QUESTIONS, questions,
                SuiteFile.DPG_ANSWERS, answers));
        assertThat(lacking.notes()).contains("2 of 10 answers are missing; each counts as no",
                "1 of 2 prompts have answers of more or fewer images than 4");
        assertThat(lacking.json().path("answers_missing").asInt()).isEqualTo(2);
        assertThat(lacking.json().path("prompts_of_other_images").asInt()).isEqualTo(1);
    }

    /// Blocks alone is judged by its pixels; features take images of any size.
    @Test
    void imagesOfAnySizeAreComparedByFeatures() throws IOException {
        var prompts = Files.writeString(beside.resolve("prompts.txt"), "a cat\na dog\n");
        var wide = SamplingSettings.usual(512, 768);
        var own = ofImages(SuiteName.DIVERSITY, ImmutableMap.of(SuiteFile.PROMPTS, prompts, SuiteFile.DINO_MODEL, beside));
        assertThatCode(() -> EvaluationRun.requireSize(own, wide)).doesNotThrowAnyException();
        var genEval = text("geneval", "{'tag': 'single_object', 'include': [{'class': 'bench', 'count': 1}], 'prompt': 'a bench'}");
        var official = ofImages(SuiteName.DIVERSITY, ImmutableMap.of(SuiteFile.GENEVAL_PROMPTS, genEval, SuiteFile.DINO_MODEL, beside));
        assertThatCode(() -> EvaluationRun.requireSize(official, wide)).doesNotThrowAnyException();
        for (var suite : List.of(SuiteName.BLOCKS, SuiteName.PAIRS, SuiteName.DIVERSITY)) {
            var ofBlocks = ofImages(suite, ImmutableMap.of());
            assertThatThrownBy(() -> EvaluationRun.requireSize(ofBlocks, wide)).as(suite.key()).isInstanceOf(UserError.class)
                    .hasMessageContaining("samples 512 x 768 pixels");
            assertThatCode(() -> EvaluationRun.requireSize(ofBlocks, SamplingSettings.usual(64, 64))).doesNotThrowAnyException();
        }
    }

    private static List<Suite.OfImages> ofImages(SuiteName suite, ImmutableMap<SuiteFile, Path> files) {
        return Suites.of(request(suite, files, false, Device.CPU), Optional.empty()).stream().flatMap(EvaluationRun::ofImages).toList();
    }

    /// The few numbers that say most are in the file, and read again.
    @Test
    void theHeadlineIsReadFromTheFile() throws IOException {
        var prompts = text("prompts", "{'tag': 'single_object', 'include': [{'class': 'bench', 'count': 1}], 'prompt': 'a bench'}");
        for (int i = 0; i < 4; i++) image("00000/samples/000%d.png".formatted(i), drawn(i));
        var seen = text("seen", "{'file': '00000/samples/0000.png', 'objects': [{'class': 'bench', 'score': 0.9, 'box': [0, 0, 9, 9]}]}");
        var request = request(SuiteName.GENEVAL, ImmutableMap.of(SuiteFile.GENEVAL_PROMPTS, prompts, SuiteFile.DETECTIONS, seen), false,
                Device.CPU);
        assertThat(EvaluationFile.in(beside)).isEmpty();
        EvaluationRun.ofImages(folder, request, Optional.of(new EvaluationRun.Output(beside, false)));
        var file = EvaluationFile.in(beside).orElseThrow();
        assertThat(file.headline()).containsOnlyKeys("geneval/overall");
        assertThat(file.headline().get("geneval/overall")).isEqualTo(file.json().at("/geneval/overall"));
    }

    @Test
    void lossesAreOfWhatWasAskedFor() throws IOException {
        var file = beside.resolve("eval.json");
        var blocks = "{\"loss\": {\"data\": \"Blocks, captions that training never has\", %s}, \"consistency\": {\"pairs\": 88}}";
        Files.writeString(file, blocks.formatted("\"samples\": 512"));
        var old = EvaluationFile.in(beside).orElseThrow();
        assertThat(old.hasLosses(OptionalInt.empty(), Optional.empty())).isTrue();
        assertThat(old.hasLosses(OptionalInt.of(64), Optional.empty())).isFalse();
        assertThat(old.hasLosses(OptionalInt.empty(), Optional.of(folder))).isFalse();
        Files.writeString(file, blocks.formatted("\"asked\": 100, \"samples\": 96"));
        assertThat(EvaluationFile.in(beside).orElseThrow().hasLosses(OptionalInt.of(100), Optional.empty())).isTrue();
        Files.writeString(file, "{\"blocks\": {}}");
        assertThat(EvaluationFile.in(beside).orElseThrow().hasLosses(OptionalInt.empty(), Optional.empty())).isFalse();
    }

    @Test
    void imagesAreNoDistanceFromThemselves() throws IOException {
        for (int i = 0; i < 24; i++) image("%02d.png".formatted(i), drawn(i));
        var dino = dino();
        var clip = TinyClip.write(Files.createDirectories(beside.resolve("clip")));
        var report = report(SuiteName.REFERENCE,
                ImmutableMap.of(SuiteFile.REFERENCE_IMAGES, folder, SuiteFile.DINO_MODEL, dino, SuiteFile.CLIP_MODEL, clip));
        assertThat(report.json().at("/fd_dinov2/value").asDouble()).isCloseTo(0, within(1e-4));
        assertThat(report.json().at("/cmmd/value").asDouble()).isCloseTo(0, within(1e-6));
        for (var metric : List.of("precision", "recall", "coverage"))
            assertThat(report.json().at("/" + metric + "/value").asDouble()).as(metric).isEqualTo(1);
        assertThat(report.json().at("/cmmd/n_reference").asInt()).isEqualTo(24);
        assertThat(report.notes().toString()).contains("24 and 24 images are too few for a covariance of 32 numbers", "k = 5, 24 images",
                "CMMD: Gaussian kernel, bandwidth 10, × 1000, biased");
        assertThatThrownBy(() -> report(SuiteName.REFERENCE, ImmutableMap.of(SuiteFile.REFERENCE_IMAGES, folder)))
                .isInstanceOf(UserError.class).hasMessageContaining("needs an encoder");
    }

    /// What is on the meta device has shapes and no numbers.
    @Test
    void encodersComputeOnTheDeviceThatIsAskedFor() throws IOException {
        for (int i = 0; i < 2; i++) {
            image(i + ".png", drawn(i));
            Files.writeString(folder.resolve(i + ".txt"), "a red square");
        }
        var clip = TinyClip.write(Files.createDirectories(beside.resolve("clip")));
        var dino = ImmutableMap.of(SuiteFile.REFERENCE_IMAGES, folder, SuiteFile.DINO_MODEL, dino());
        assertThatThrownBy(() -> report(SuiteName.REFERENCE, dino, Device.META)).hasMessageContaining(" meta");
        for (var suite : List.of(SuiteName.CLIP, SuiteName.DIVERSITY))
            assertThatThrownBy(() -> report(suite, ImmutableMap.of(SuiteFile.CLIP_MODEL, clip), Device.META)).as(suite.key())
                    .hasMessageContaining(" meta");
    }

    @Test
    void clipScoresNeedPrompts() throws IOException {
        for (int i = 0; i < 3; i++) image(i + ".png", drawn(i));
        var clip = TinyClip.write(Files.createDirectories(beside.resolve("clip")));
        var files = ImmutableMap.of(SuiteFile.CLIP_MODEL, clip);
        assertThatThrownBy(() -> report(SuiteName.CLIP, files)).isInstanceOf(UserError.class).hasMessageContaining("3 of 3 images");
        for (int i = 0; i < 3; i++) Files.writeString(folder.resolve(i + ".txt"), Blocks.sample(5, i, Split.SEEN).caption().text());
        var report = report(SuiteName.CLIP, files);
        assertThat(report.json().at("/clip_score/n").asInt()).isEqualTo(3);
        assertThat(report.json().at("/clip_score/value").asDouble()).isBetween(0.0, 2.5);
        assertThat(report.shown()).hasSize(3);
    }

    /// Images that the data draws are all right and as different as its own; the same image again and again has no entropy.
    @Test
    void drawnImagesAreAsDiverseAsDrawnOnes() throws IOException {
        var captions = BlocksPrompts.of(Split.SEEN, 4);
        for (int i = 0; i < captions.size() * 8; i++) {
            var caption = captions.get(i / 8);
            image("diversity/%03d-%02d.png".formatted(i / 8, i % 8),
                    new PngImage(32, 32, Blocks.drawn(caption, i % 8 + 1000L * (i / 8), 32)));
        }
        var json = report(SuiteName.DIVERSITY, ImmutableMap.of()).json();
        assertThat(json.at("/right/value").asDouble()).isEqualTo(1);
        assertThat(json.at("/vendi/model/value").asDouble()).isCloseTo(json.at("/vendi/drawn/value").asDouble(), within(0.3))
                .isGreaterThan(2);
        assertThat(json.at("/color/model/n").asInt()).as("single and two leave it open").isEqualTo(8);
        for (int i = 0; i < captions.size() * 8; i++)
            image("diversity/%03d-%02d.png".formatted(i / 8, i % 8),
                    new PngImage(32, 32, Blocks.drawn(captions.get(i / 8), 1000L * (i / 8), 32)));
        var same = report(SuiteName.DIVERSITY, ImmutableMap.of(SuiteFile.DINO_MODEL, dino())).json();
        assertThat(same.at("/vendi/model/value").asDouble()).isCloseTo(1, within(1e-6));
        assertThat(same.at("/dinov2/model/vendi/value").asDouble()).isCloseTo(1, within(1e-3));
        assertThat(same.at("/dinov2/model/cosine_distance/value").asDouble()).isCloseTo(0, within(1e-5));
        assertThat(same.at("/dinov2/drawn/vendi/value").asDouble()).as("the anchor").isGreaterThan(1.001);
        assertThat(same.at("/dinov2/model/encoder").asText()).startsWith("DINOv2 in ");
    }

    private Path dino() throws IOException {
        var dino = Files.createDirectories(beside.resolve("dino"));
        Files.copy(GOLDENS.resolve("dinov2/plain/config.json"), dino.resolve("config.json"));
        Files.copy(GOLDENS.resolve("dinov2/plain/weights.safetensors"), dino.resolve("model.safetensors"));
        return dino;
    }

    /// Of prompts of one's own each counts with as many images as all have; the numbers are of the known features.
    @Test
    void imagesOfOnesOwnPromptsAreComparedByFeatures() throws IOException {
        for (int i = 0; i < 3; i++) image("cat-%d.png".formatted(i), drawn(0));
        for (int i = 0; i < 2; i++) image("dog-%d.png".formatted(i), drawn(i));
        image("one.png", drawn(9));
        var lines = new StringBuilder("{\"file\": \"one.png\", \"prompt\": \"a bird\"}\n");
        for (int i = 0; i < 5; i++) lines.append("{\"file\": \"%s-%d.png\", \"prompt\": \"a %s\"}\n".formatted(i < 3 ? "cat" : "dog",
                i % 3, i < 3 ? "cat" : "dog"));
        Files.writeString(folder.resolve("prompts.jsonl"), lines);
        var prompts = Files.writeString(beside.resolve("prompts.txt"), "a cat\na dog\n");
        assertThatThrownBy(() -> report(SuiteName.DIVERSITY, ImmutableMap.of(SuiteFile.PROMPTS, prompts))).isInstanceOf(UserError.class)
                .hasMessage("suite diversity compares images of these prompts by features: give --dino or --clip");
        var clip = TinyClip.write(Files.createDirectories(beside.resolve("clip")));
        var report = report(SuiteName.DIVERSITY, ImmutableMap.of(SuiteFile.DINO_MODEL, dino(), SuiteFile.CLIP_MODEL, clip));
        assertThat(report.json().path("images_a_prompt").asInt()).isEqualTo(2);
        double distance = report.json().at("/dinov2/cosine_distance/value").asDouble();
        double vendi = report.json().at("/dinov2/vendi/value").asDouble();
        assertThat(report.json().at("/clip/vendi/n").asInt()).isEqualTo(2);
        double cosine = 1 - 2 * distance; // the cats are alike
        double first = (1 + cosine) / 2, second = (1 - cosine) / 2;
        assertThat(vendi).isCloseTo((1 + Math.exp(-first * Math.log(first) - second * Math.log(second))) / 2, within(1e-3));
        assertThat(report.notes().toString()).contains("nothing tells whether these images are right",
                "2 of 3 prompts have 2 images and more",
                "encoder: CLIP in ");
        assertThat(report.headline()).containsOnlyKeys("vendi_dinov2", "cosine_distance_dinov2", "vendi_clip", "cosine_distance_clip");
    }

    /// Where detections say which images are right, only those count.
    @Test
    void onlyRightImagesCountWhereDetectionsTell() throws IOException {
        var prompts = text("prompts", "{'tag': 'single_object', 'include': [{'class': 'bench', 'count': 1}], 'prompt': 'a bench'}",
                "{'tag': 'single_object', 'include': [{'class': 'cow', 'count': 1}], 'prompt': 'a cow'}");
        for (int i = 0; i < 8; i++) image("0000%d/samples/000%d.png".formatted(i / 4, i % 4), drawn(i == 3 ? 7 : 1));
        var seen = text("seen", "{'file': '00000/samples/0000.png', 'objects': [{'class': 'bench', 'score': 0.9, 'box': [0, 0, 9, 9]}]}",
                "{'file': '00000/samples/0002.png', 'objects': [{'class': 'bench', 'score': 0.9, 'box': [0, 0, 9, 9]}]}",
                "{'file': '00000/samples/0003.png', 'objects': []}",
                "{'file': '00001/samples/0000.png', 'objects': [{'class': 'cow', 'score': 0.9, 'box': [0, 0, 9, 9]}]}");
        var report = report(SuiteName.DIVERSITY,
                ImmutableMap.of(SuiteFile.GENEVAL_PROMPTS, prompts, SuiteFile.DETECTIONS, seen, SuiteFile.DINO_MODEL, dino()));
        assertThat(report.json().at("/right/value").asDouble()).isEqualTo(0.75);
        assertThat(report.json().at("/dinov2/vendi/n").asInt()).as("one prompt has two right images").isEqualTo(1);
        assertThat(report.json().at("/dinov2/vendi/value").asDouble()).as("the different one is wrong").isCloseTo(1, within(1e-3));
        assertThat(report.notes().toString()).contains("4 images have no verdict", "1 of 2 prompts have 2 right images and more");
    }

    @Test
    void filesThatNoSuiteReadsAreRefused() {
        assertThatThrownBy(() -> request(SuiteName.BLOCKS, ImmutableMap.of(SuiteFile.DETECTIONS, folder), false, Device.CPU))
                .isInstanceOf(UserError.class)
                .hasMessage("--detections is read by geneval, diversity alone, and --suite names other ones");
    }
}
