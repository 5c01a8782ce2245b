package dev.fusedit.trainer.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.eval.ResultJson;
import dev.fusedit.trainer.eval.ScoreTable;
import dev.fusedit.trainer.eval.blocks.BlocksScore;
import dev.fusedit.trainer.eval.metrics.Share;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportsTest {
    private static final BlocksScore SCORE =
            new BlocksScore(ImmutableMap.of(Kind.SINGLE, new Share(12, 48), Kind.COLORS, new Share(48, 48)),
                    ImmutableMap.of("color", 0.75, "shape", 0.5), new Share(30, 48), new Share(24, 30));

    @TempDir
    private Path folder;

    @Test
    void metricsAreLinesInOrder() throws IOException {
        Path file = folder.resolve("metrics.jsonl");
        try (var log = new MetricsLog(file)) {
            log.row(0, ImmutableMap.of("stage", "text", "loss", 2.5));
            log.row(3, ImmutableMap.of("stage", "text", "loss", Double.NaN));
            assertThat(file).content()
                    .isEqualTo("{\"step\":0,\"stage\":\"text\",\"loss\":2.5}\n{\"step\":3,\"stage\":\"text\",\"loss\":\"NaN\"}\n");
            assertThatIllegalArgumentException().isThrownBy(() -> log.row(2, Map.of()));
        }
        assertThat(MetricsLog.rows(file)).hasSize(2);
    }

    @Test
    void metricsGoOnWhereTheyWereTorn() throws IOException {
        Path file = folder.resolve("metrics.jsonl");
        Files.writeString(file, "{\"step\":7}\n{\"step\":8,\"lo");
        try (var log = new MetricsLog(file)) {
            assertThat(log.lastStep()).isEqualTo(7);
            log.row(9, ImmutableMap.of("loss", 1));
        }
        assertThat(file).content().isEqualTo("{\"step\":7}\n{\"step\":9,\"loss\":1}\n");
    }

    @Test
    void whatIsNoMetricsFileIsSaidSo() throws IOException {
        Path file = Files.writeString(folder.resolve("x"), "{\"step\":1}\nhello\n");
        assertThatThrownBy(() -> new MetricsLog(file)).isInstanceOf(UserError.class)
                .hasMessageStartingWith(file + ":2:1: is not valid JSON");
        assertThatThrownBy(() -> new MetricsLog(folder)).isInstanceOf(UserError.class).hasMessageContaining("cannot be written");
    }

    @Test
    void curvesAreByStage() {
        Path file = folder.resolve("metrics.jsonl");
        try (var log = new MetricsLog(file)) {
            log.row(1, Map.of("stage", "text", "loss", 3));
            log.row(2, Map.of("stage", "text", "loss", 2));
            log.row(3, Map.of("stage", "fuse", "loss", 1, "note", "x"));
            log.row(4, Map.of("event", "resume"));
        }
        var curves = MetricsLog.curves(MetricsLog.rows(file), "loss");
        assertThat(curves).extracting(LinePlot.Series::name).containsExactly("text", "fuse");
        assertThat(curves.getFirst().x()).containsExactly(1, 2);
        assertThat(curves.getFirst().y()).containsExactly(3, 2);
    }

    @Test
    void severalValuesAreCurvesApart() {
        Path file = folder.resolve("metrics.jsonl");
        try (var log = new MetricsLog(file)) {
            log.row(1, Map.of("stage", "fuse", "loss", 1, "flow", 1));
            log.row(2, Map.of("stage", "joint", "loss", 3, "flow", 0.5, "language", 5));
        }
        assertThat(MetricsLog.curves(MetricsLog.rows(file), List.of("flow", "language"))).extracting(LinePlot.Series::name)
                .containsExactly("fuse: flow", "joint: flow", "joint: language");
    }

    @Test
    void terminalLineRewritesItself() {
        var bytes = new ByteArrayOutputStream();
        var time = new AtomicLong();
        var line = new ProgressLine(new PrintStream(bytes), true, time::get);
        line.update(new ProgressLine.Progress("fuse", 5, 10, 0.12345, 61.6, 185));
        line.update(new ProgressLine.Progress("fuse", 6, 10, 0.1, 61.6, 184));
        line.message("saved");
        line.update(new ProgressLine.Progress("fuse", 10, 10, 0.1, 6.16, 0));
        line.close();
        assertThat(bytes.toString())
                .isEqualTo("\r\u001b[Kfuse   [##########..........] 5/10  loss 0.1235  62 images/s  3:05 left\r\u001b[Ksaved\n"
                        + "\r\u001b[Kfuse   [####################] 10/10  loss 0.1000  6.2 images/s  0:00 left\n");
    }

    /// What is rewritten takes one row, less its last column: the bar gives way first. What stays is whole.
    @Test
    void aNarrowTerminalHasALineOfOneRow() {
        var progress = new ProgressLine.Progress("fuse", 500, 1000, 0.12345, 61.6, 185);
        assertThat(rewritten(progress, 80)).as("a bar of 20 and 50 columns more, of 79").isEqualTo(progress.text());
        assertThat(rewritten(progress, 67)).isEqualTo("fuse   [#####......] 500/1000  loss 0.1235  62 images/s  3:05 left").hasSize(66);
        assertThat(rewritten(progress, 58)).as("no room for 5").isEqualTo("fuse   500/1000  loss 0.1235  62 images/s  3:05 left");
        assertThat(rewritten(progress, 40)).isEqualTo("fuse   500/1000  loss 0.1235  62 images").hasSize(39);
        assertThat(rewritten(progress, 20)).isEqualTo("fuse   500/1000  lo").hasSize(19);
        var counted = ProgressLine.Progress.counted("score", 432, 864, 70);
        assertThat(rewritten(counted, 40)).isEqualTo("score  [#####......] 432/864  1:10 left").hasSize(39);
        assertThat(rewritten(counted, 20)).isEqualTo("score  432/864  1:1");
        assertThat(rewritten(new ProgressLine.Progress("a-long-stage", 123456, 1234567, 0.5, 1234, 360000), 80)).hasSize(79)
                .startsWith("a-long-stage [").endsWith("] 123456/1234567  loss 0.5000  1234 images/s  100:00:00 left");
        assertThat(rewritten(new ProgressLine.Progress("\ud83d\ude80\ud83d\ude80", 1, 2, 1.0, 1, 1), 2)).as("no half of a character")
                .isEqualTo("\ud83d\ude80");
        var bytes = new ByteArrayOutputStream();
        var line = new ProgressLine(new PrintStream(bytes), true, () -> 0, 20);
        line.show("train-s f32 3/20  0.271 s", false);
        line.show("train-s f32 20/20  0.271 s", true);
        assertThat(bytes.toString()).isEqualTo("\r\u001b[Ktrain-s f32 3/20  0\r\u001b[Ktrain-s f32 20/20  0.271 s\n");
    }

    private static String rewritten(ProgressLine.Progress progress, int columns) {
        var bytes = new ByteArrayOutputStream();
        new ProgressLine(new PrintStream(bytes, false, StandardCharsets.UTF_8), true, () -> 0, columns).update(progress);
        return bytes.toString(StandardCharsets.UTF_8).replace("\r\u001b[K", "");
    }

    @Test
    void theWidthIsWhatColumnsSays() {
        assertThat(Terminal.columns("40")).isEqualTo(40);
        for (var none : new String[] {null, "", "0", "-3", "wide", "999999999999"}) assertThat(Terminal.columns(none)).isEqualTo(80);
    }

    @Test
    void whatIsCountedHasNoLoss() {
        assertThat(ProgressLine.Progress.counted("score", 120, 864, 70).text())
                .isEqualTo("score  [##..................] 120/864  1:10 left");
        assertThat(new ProgressLine.Progress("fuse", 1, 20, Double.NaN, 0, 70).text()).contains("1/20  loss NaN  1:10 left");
    }

    @Test
    void elsewhereALineComesEveryFewSeconds() {
        var bytes = new ByteArrayOutputStream();
        var time = new AtomicLong();
        var line = new ProgressLine(new PrintStream(bytes), false, time::get);
        for (int step = 1; step <= 100; step++) {
            line.update(new ProgressLine.Progress("text", step, 100, 1.0, 10, 100 - step));
            time.addAndGet(100_000_000L);
        }
        assertThat(bytes.toString().lines()).hasSize(3).allMatch(text -> text.startsWith("text ")).noneMatch(text -> text.contains("\r"));
        assertThat(ProgressLine.clock(3723)).isEqualTo("1:02:03");
        assertThat(ProgressLine.clock(Double.NaN)).isEqualTo("?");
    }

    @Test
    void namesAndTimesHaveTheSameDigitsInEveryLocale() throws IOException {
        var before = Locale.getDefault(Locale.Category.FORMAT);
        try {
            Locale.setDefault(Locale.Category.FORMAT, Locale.of("ar", "EG"));
            assertThat(ProgressLine.clock(3723)).isEqualTo("1:02:03");
            EventFile.create(folder, 0).close();
            try (var files = Files.list(folder)) {
                assertThat(files).singleElement().asString().matches(".*events\\.out\\.tfevents\\.[0-9]{10}\\.fusedit\\.[0-9]{4}");
            }
        } finally {
            Locale.setDefault(Locale.Category.FORMAT, before);
        }
    }

    /// Where each state counts, all are shown; elsewhere than on a terminal each stays.
    @Test
    void statesThatAreShownAtOnceAllCome() {
        var bytes = new ByteArrayOutputStream();
        var line = new ProgressLine(new PrintStream(bytes), false, () -> 0);
        line.show("train-s f32 1/2  0.271 s", false);
        line.show("train-s f32 2/2  0.269 s", true);
        line.close();
        assertThat(bytes.toString()).isEqualTo("train-s f32 1/2  0.271 s\ntrain-s f32 2/2  0.269 s\n");
        bytes.reset();
        var terminal = new ProgressLine(new PrintStream(bytes), true, () -> 0);
        terminal.show("1/2", false);
        terminal.message("said");
        terminal.show("2/2", true);
        terminal.show("1/1", false);
        terminal.close();
        assertThat(bytes.toString()).isEqualTo("\r\u001b[K1/2\r\u001b[Ksaid\n\r\u001b[K2/2\n\r\u001b[K1/1\n");
    }

    @Test
    void tableIsAligned() {
        assertThat(new TextTable("name", "n").row("a", "10").row("longer", "5").text()).isEqualTo("""
                name     n
                ----------
                a       10
                longer   5
                """);
    }

    @Test
    void scoreTableHasKindsAndSets() {
        String table = ScoreTable.text(ImmutableMap.of("seen", SCORE, "heldout", SCORE));
        assertThat(table.lines().toList().getFirst()).matches("Blocks +seen +heldout");
        assertThat(table).containsPattern("single +0\\.25 \\(0\\.\\d\\d to 0\\.\\d\\d\\)").containsPattern("two +- +-")
                .containsPattern("mean +0\\.63 +0\\.63").containsPattern("right color +0\\.75");
    }

    @Test
    void resultHasTheKeysThatScriptsReadAndNoneBesides() throws IOException {
        var json = new ObjectMapper()
                .readTree(new ResultJson(471.26, 1350, 61.237, 812.5, 3, 20, "ema", ImmutableMap.of("seen", SCORE)).text());
        assertThat(json.fieldNames()).toIterable().containsExactly("seconds", "steps", "images_per_second", "peak_mib", "guidance",
                "sample_steps",
                "weights", "blocks");
        assertThat(json.get("seconds").asDouble()).isEqualTo(471.3);
        assertThat(json.at("/blocks/seen/colors").asDouble()).isEqualTo(1);
        assertThat(json.at("/blocks/seen/attributes/color").asDouble()).isEqualTo(0.75);
    }
}
