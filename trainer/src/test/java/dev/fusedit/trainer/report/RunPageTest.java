package dev.fusedit.trainer.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.Device;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.page.HtmlPageTest;
import dev.fusedit.trainer.recipe.RecipeDifference;
import dev.fusedit.trainer.stage.RunMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunPageTest {
    private static final String HOSTILE = "</script><script>alert(1)</script>\"><img src=x onerror=alert(1)>";

    /// A stage of text and one with images.
    private static final PlannedUse PLAN =
            new PlannedUse(300 << 20, 7 << 20, List.of(new StageUse(0, 3, 0, 1e8), new StageUse(3, 7, 4, 1.5e8)));

    @TempDir
    private Path temp;

    private static RunAbout.Start start(long step) { return start(step, 10); }

    static RunAbout.Start start(long step, long steps) {
        return new RunAbout.Start("2026-01-02T03:04:05Z", step, steps, 28, 61.0, "./fusedit train x",
                "./fusedit train runs/x/recipe.yaml --out runs/x-again",
                1, new RunMachine(2, "a CPU " + HOSTILE, "2.13.0"), 8L << 30, "0.1.0", "25", "Linux");
    }

    private RunFolder folder() throws IOException {
        var folder = RunFolder.create(temp.resolve("run"), "run: {name: \"" + HOSTILE + "\"}\n");
        var base = new RunAbout.Base("quickstart", List.of(new RecipeDifference("stages.joint.lr.dit", "0.001", HOSTILE)));
        Files.write(folder.about(),
                RunAbout.begun(folder.about(), Optional.of(base), Optional.of(PLAN),
                        start(0)).bytes());
        return folder;
    }

    private static String page(RunFolder folder, RunRows rows) throws IOException {
        return RunPage.of(folder, rows, new RunImages(folder), RunPage.State.GOES_ON, 250);
    }

    @Test
    void whatAFolderHoldsIsShownAndNothingOfItIsMarkup() throws IOException {
        var folder = folder();
        Files.writeString(folder.metrics(), """
                {"step":1,"stage":"fuse","loss":3.5,"flow":0.5,"language":3,"gradient_norm":2,"rate":0.001,"images_per_second":8,"seconds":30}
                {"event":"validation","step":1,"flow":0.75,"flow_bins":[1,2],"caption_perplexity":9}
                {"event":"of another version","step":1,"seen":{"mean":0.25},"seconds":5}
                {"event":"resume","step":1}
                {"step":2,"stage":"<b>","loss":"NaN","flow":"NaN","language":3,"gradient_norm":"NaN","rate":0.001,"outcome":"skipped","seconds":65}
                """);
        Files.writeString(folder.dataErrors(), "{\"sample\":\"a.jpg\",\"cause\":\"broken-image\",\"detail\":\"%s\"}\n"
                .formatted("</script><script>alert(1)</script>"));
        Files.writeString(RunFolder.dataErrors(folder.folder(), 1), "{\"sample\":\"b\",\"cause\":\"no-caption\",\"detail\":\"x\"}\n");
        var page = page(folder, new RunRows(folder.metrics()));
        HtmlPageTest.requireAlone(page);
        assertThat(page).doesNotContain("<script>alert", "<img src=x", "<b>");
        assertThat(page).contains("The run goes on, step 2 of 10", "<tr><td>time<td>1:01<td>1:05", "<tr><td>memory, MiB<td>300<td>250",
                "stages.joint.lr.dit<td>0.001<td>&lt;/script&gt;", "differs from quickstart", "1 broken-image, 1 no-caption",
                "./fusedit train runs/x/recipe.yaml --out runs/x-again", "Losses: loss (not weighted) against step. fuse: flow: 1 points",
                "seen.mean: 1 points, from 0.25", "caption_perplexity: 1 points", "learning rate", "1 steps with a row taught nothing");
    }

    /// Of steps of different kinds each counts as its stage's.
    @Test
    void planAndUseAreBySteps() throws IOException {
        var folder = folder();
        var rows = new RunRows(folder.metrics());
        Files.writeString(folder.metrics(), "{\"step\":2,\"loss\":1,\"seconds\":3,\"images_per_second\":0}\n");
        assertThat(page(folder, rows)).contains("<tr><td>images<td>28<td>0", "<tr><td>training FLOPs<td>1.35e+09<td>2.00e+08",
                "<tr><td>images/s<td>0.5<td>0.0");
        Files.writeString(folder.metrics(), "{\"step\":5,\"loss\":1,\"seconds\":9,\"images_per_second\":0.7}\n", StandardOpenOption.APPEND);
        assertThat(page(folder, rows)).contains("<tr><td>steps<td>10<td>5", "<tr><td>images<td>28<td>8",
                "<tr><td>training FLOPs<td>1.35e+09<td>6.00e+08", "<tr><td>images/s<td>0.5<td>0.7");
        Files.writeString(folder.result(),
                "{\"seconds\": 61, \"steps\": 10, \"images_per_second\": 0.8, \"peak_mib\": 301.4, \"blocks\": {}}");
        assertThat(page(folder, rows)).contains("<tr><td>images<td>28<td>28", "<tr><td>training FLOPs<td>1.35e+09<td>1.35e+09");
    }

    @Test
    void aRunOfAnEarlierVersionHasNoStages() throws IOException {
        var folder = folder();
        var written = Files.readString(folder.about());
        var earlier = new ObjectMapper().readTree(written);
        ((ObjectNode) earlier.path("plan")).remove("stages");
        Files.writeString(folder.about(), earlier.toString());
        Files.writeString(folder.metrics(), "{\"step\":5,\"loss\":1}\n");
        assertThat(page(folder, new RunRows(folder.metrics()))).contains("<tr><td>images<td>28<td>&#8211;",
                "<tr><td>training FLOPs<td>1.35e+09<td>&#8211;");
    }

    /// Rows that come are read alone, a torn one when it is whole, and those of a run that went back anew.
    @Test
    void rowsAreReadAsTheyCome() throws IOException {
        var folder = folder();
        var rows = new RunRows(folder.metrics());
        assertThat(page(folder, rows)).contains("step 0 of 10");
        Files.writeString(folder.metrics(), "{\"step\":1,\"loss\":1}\n{\"step\":2,\"lo");
        assertThat(page(folder, rows)).contains("step 1 of 10");
        Files.writeString(folder.metrics(), "ss\":4}\n", StandardOpenOption.APPEND);
        assertThat(page(folder, rows)).contains("step 2 of 10", "run: loss: 2 points, from 1 to 4");
        Files.writeString(folder.metrics(), "{\"step\":1,\"loss\":7}\n");
        assertThat(page(folder, rows)).contains("step 1 of 10", "run: loss: 1 points, from 7 to 7");
    }

    @Test
    void aFinishedRunHasItsScores() throws IOException {
        var folder = folder();
        Files.writeString(folder.result(), """
                {"seconds": 61, "steps": 10, "images_per_second": 5.5, "peak_mib": 301.4, "blocks": {"seen": {"mean": 0.5, "n": 4,
                 "attributes": {"color": 0.75}, "intervals": {"mean": [0.2, 0.8]}}}}""");
        var page = page(folder, new RunRows(folder.metrics()));
        assertThat(page).contains("Finished, step 10 of 10", "<td>seen mean<td>0.50 (0.20 to 0.80)", "<td>memory, MiB<td>300<td>301")
                .doesNotContain("read again every");
    }

    @Test
    void startsAreKeptAndAPlanIsOfTheFirst() throws IOException {
        var folder = folder();
        var again = RunAbout.begun(folder.about(), Optional.empty(), Optional.empty(), start(5));
        assertThat(again.starts()).hasSize(2);
        assertThat(again.plan()).isEqualTo(PLAN);
        assertThat(again.base()).isNotNull();
        assertThat(RunAbout.begun(folder.about(), Optional.empty(), Optional.empty(), start(0)).starts()).as("it begins anew").hasSize(1);
    }

    @Test
    void theWriterKeepsUpAndFailsAlone() throws IOException {
        var folder = folder();
        Files.writeString(folder.metrics(), "{\"step\":3,\"loss\":1}\n");
        try (var writer = RunPageWriter.begin(folder, Optional.empty(), Optional.empty(), start(0), Device.CPU)) {
            assertThat(writer.changed()).isEmpty();
        }
        assertThat(folder.page()).content().contains("Stopped", "step 3 of 10");
        assertThat(folder.folder().toFile().list()).noneMatch(name -> name.endsWith(".tmp"));

        Files.writeString(folder.metrics(), "no row\n");
        var before = Files.readString(folder.page());
        var writer = RunPageWriter.begin(folder, Optional.empty(), Optional.empty(), start(0), Device.CPU);
        writer.close();
        assertThat(writer.changed().orElseThrow()).contains("report.html cannot be written", "metrics.jsonl:1", "the run goes on");
        assertThat(writer.changed()).isEmpty();
        assertThat(folder.page()).hasContent(before);
    }

    @Test
    void manyPreviewsAreLeftOutEvenly() {
        var all = java.util.stream.IntStream.range(0, 1000).boxed().toList();
        assertThat(RunImages.spread(all, 3)).containsExactly(0, 499, 999);
        assertThat(RunImages.spread(all.subList(0, 2), 3)).containsExactly(0, 1);
    }
}
