package dev.fusedit.trainer.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.trainer.page.Browser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunPageBrowserTest {
    @TempDir
    private Path temp;

    @Test
    void aRunsPageIsReadAndScrubbed() throws IOException, InterruptedException {
        var browser = Browser.here();
        var page = Files.writeString(temp.resolve("report.html"), SampleRuns.page(temp.resolve("a run <b> of 'x'")));
        assertThat(browser.look("run", page.toUri().toString())).hasSize(4)
                .allMatch(line -> line.matches("7 charts, previews of steps 100 to 2000"));
    }
}
