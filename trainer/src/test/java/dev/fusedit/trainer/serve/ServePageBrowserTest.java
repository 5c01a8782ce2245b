package dev.fusedit.trainer.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.trainer.page.Browser;
import dev.fusedit.trainer.report.SampleRuns;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class ServePageBrowserTest {
    @TempDir
    private Path temp;

    /// What is asked for comes, and a run's page is one click away.
    @Test
    void anImageIsMadeAndARunIsLookedAt() throws IOException, InterruptedException {
        var browser = Browser.here();
        var runs = temp.resolve("runs");
        Files.createDirectories(runs);
        Files.writeString(SampleRuns.write(runs.resolve("first")).page(), SampleRuns.page(temp.resolve("same")));
        var settings = new ServeSettings("127.0.0.1", 0, Optional.empty(), List.of(), ServeLimits.USUAL, Optional.of(runs), true);
        var seen = new ArrayList<String>();
        try (var served = new Served(settings)) {
            served.run(() -> {
                try {
                    seen.addAll(browser.look("serve", served.server.address().toString()));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
        }
        assertThat(seen).hasSize(4);
    }
}
