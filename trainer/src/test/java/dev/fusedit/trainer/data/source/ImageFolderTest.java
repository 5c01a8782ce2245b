package dev.fusedit.trainer.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
    @TempDir
    private Path temp;

    /// A square of one colour.
    private void image(String name, int colour) throws IOException {
        var file = temp.resolve(name);
        Files.createDirectories(file.getParent());
        var rgb = new byte[3 * 40 * 32];
        for (int i = 0; i < rgb.length; i++) rgb[i] = (byte) (i % 3 == colour % 3 ? 40 * colour + i / 97 : i / 31);
        Files.write(file, new PngImage(40, 32, rgb).png());
    }

    private void text(String name, String text) throws IOException { Files.writeString(temp.resolve(name), text); }

    private SourceScan scan() {
        var source = ImageFolder.open(temp);
        return SourceScan.of(source, CaptionRule.firstOf(source.usualCaptions()), ImageDecoding.STRICT, 2, _ -> {});
    }

    @Test
    void textsBesideImagesAreCaptions() throws IOException {
        image("b.PNG", 1);
        text("b.txt", "\ufeff a cat \n");
        image("sub/ö/猫.Png", 2);
        text("sub/ö/猫.TXT", "a dog");
        image("a.v2.png", 3);
        text("a.v2.txt", "dots");
        assertThat(scan().problems()).isEmpty();
        assertThat(scan().captions()).containsExactly("dots", "a cat", "a dog");
        assertThat(scan().good().getFirst().width()).isEqualTo(40);
    }

    @Test
    void eachSampleHasTheFirstCauseThatFits() throws IOException {
        image("ok.png", 1);
        text("ok.txt", "fine");
        image("none.png", 1);
        image("blank.png", 1);
        text("blank.txt", " \n\t");
        image("latin.png", 1);
        Files.write(temp.resolve("latin.txt"), "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));
        Files.write(temp.resolve("empty.jpg"), new byte[0]);
        text("page.webp", "<html>not found</html>");
        image("cut.png", 1);
        Files.write(temp.resolve("cut.png"), java.util.Arrays.copyOf(Files.readAllBytes(temp.resolve("cut.png")), 300));
        Files.createDirectories(temp.resolve("folder.png"));
        var scan = scan();
        assertThat(scan.captions()).containsExactly("fine");
        assertThat(scan.problems()).extracting(Problem::sample, Problem::cause).containsExactlyInAnyOrder(
                org.assertj.core.groups.Tuple.tuple("none.png", Cause.MISSING_CAPTION),
                org.assertj.core.groups.Tuple.tuple("blank.png", Cause.EMPTY_CAPTION),
                org.assertj.core.groups.Tuple.tuple("latin.png", Cause.BAD_TEXT),
                org.assertj.core.groups.Tuple.tuple("empty.jpg", Cause.BROKEN_IMAGE),
                org.assertj.core.groups.Tuple.tuple("page.webp", Cause.BROKEN_IMAGE),
                org.assertj.core.groups.Tuple.tuple("cut.png", Cause.BROKEN_IMAGE),
                org.assertj.core.groups.Tuple.tuple("folder.png", Cause.BROKEN_IMAGE));
        assertThat(scan.counts())
                .isEqualTo(Map.of(Cause.BROKEN_IMAGE, 4, Cause.MISSING_CAPTION, 1, Cause.EMPTY_CAPTION, 1, Cause.BAD_TEXT, 1));
        assertThat(scan.summary()).startsWith("7 of 8 samples cannot be used: 4 broken-image (");
        assertThatThrownBy(() -> scan.requireGood(0.5)).isInstanceOf(UserError.class).hasMessageContaining("stop_above");
        scan.requireGood(0.9);
    }

    @Test
    void hiddenAndOtherFilesAreCountedApart() throws IOException {
        image("a.png", 1);
        text("a.txt", "a");
        image(".hidden.png", 1);
        image(".thumbs/b.png", 1);
        image("__MACOSX/c.png", 1);
        text("notes.md", "x");
        text("lonely.txt", "x");
        try (var source = ImageFolder.open(temp)) {
            assertThat(source.size()).isEqualTo(1);
            assertThat(source.others()).isEqualTo(new ImageSource.Others(3, 2));
        }
    }

    @Test
    void metadataNamesFilesBelowItself() throws IOException {
        image("train/x.png", 1);
        image("train/deep/y.png", 2);
        Files.writeString(temp.resolve("train/metadata.jsonl"), """
                {"file_name": "x.png", "text": "an x", "long": "a long x"}
                {"file_name": "deep/y.png", "text": "a y"}
                {"file_name": "gone.png", "text": "gone"}
                not json
                {"text": "no name"}
                """);
        var scan = scan();
        assertThat(scan.captions()).containsExactly("a y", "an x");
        assertThat(scan.problems()).extracting(Problem::sample).containsExactly("train/gone.png", "train/metadata.jsonl:4",
                "train/metadata.jsonl:5");
        try (var source = ImageFolder.open(temp)) {
            assertThat(source.usualCaptions()).contains("long");
            assertThat(source.others().unread()).isZero();
        }
    }

    @Test
    void csvIsReadWithItsQuotes() throws IOException {
        image("x.png", 1);
        image("y.png", 2);
        text("metadata.csv", "file_name,text\nx.png,\"one, \"\"two\"\"\nthree\"\ny.png,plain\n");
        assertThat(scan().captions()).containsExactly("one, \"two\"\nthree", "plain");
        text("metadata.csv", "name,text\nx.png,a\n");
        assertThatThrownBy(this::scan).isInstanceOf(UserError.class).hasMessageContaining("file_name");
    }

    @Test
    void captionsAreTakenByTheirShares() throws BadSample {
        var rule = new CaptionRule(com.google.common.collect.ImmutableMap.of("short", 3.0, "long", 1.0));
        int shorts = 0;
        for (int i = 0; i < 4000; i++) shorts += rule.of(Map.of("short", "s", "long", "l"), 7, i).equals("s") ? 1 : 0;
        assertThat(shorts).isBetween(2850, 3150);
        assertThat(rule.of(Map.of("short", " ", "long", "l"), 7, 1)).as("the other one where one is blank").isEqualTo("l");
        assertThat(CaptionRule.firstOf(List.of("a", "b")).of(Map.of("b", "B", "a", "A"), 0, 0)).isEqualTo("A");
    }
}
