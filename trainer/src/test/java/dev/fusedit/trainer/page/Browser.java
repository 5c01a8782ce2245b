package dev.fusedit.trainer.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Chromium without a window, driven by `playwright-core` under Node.js: what the machine has of them. Where one is absent, the test that
/// asks is skipped and says which.
///
/// `FUSEDIT_CHROMIUM` names the browser (else `/usr/bin/chromium`), `FUSEDIT_PLAYWRIGHT` the folder of the package `playwright-core` (else the
/// one in `node_modules` here or above, as npm puts it). Screenshots are left in `FUSEDIT_SCREENSHOTS`, if that is set.
///
/// @param playwright the package's folder
/// @param chromium the browser
public record Browser(String playwright, String chromium) {
    private static final Path SCRIPT = Path.of("src/test/browser/pages.mjs").toAbsolutePath();

    /// Skips the test where there is none.
    public static Browser here() throws InterruptedException {
        requireNode();
        return new Browser(foundPlaywright(), foundChromium());
    }

    /// Looks at a page of a kind that the script knows, in light and dark, narrow and wide.
    ///
    /// @return what it has seen
    public List<String> look(String kind, String address) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("node", SCRIPT.toString(), playwright, chromium, kind, address));
        Optional.ofNullable(System.getenv("FUSEDIT_SCREENSHOTS")).ifPresent(command::add);
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said.lines().toList();
    }

    private static String foundChromium() {
        var path = Path.of(System.getenv().getOrDefault("FUSEDIT_CHROMIUM", "/usr/bin/chromium"));
        if (!Files.isExecutable(path)) abort("no browser: there is no " + path + ", and FUSEDIT_CHROMIUM names no other");
        return path.toString();
    }

    private static String foundPlaywright() {
        var named = System.getenv("FUSEDIT_PLAYWRIGHT");
        var places = named != null ? Stream.of(Path.of(named))
                : Stream.iterate(Path.of("").toAbsolutePath(), place -> place != null, Path::getParent)
                        .map(place -> place.resolve("node_modules/playwright-core"));
        return places.filter(place -> Files.isRegularFile(place.resolve("package.json"))).findFirst().map(Path::toString)
                .orElseGet(() -> abort("no playwright-core: 'npm install playwright-core' in this folder, or set FUSEDIT_PLAYWRIGHT"));
    }

    private static void requireNode() throws InterruptedException {
        try {
            new ProcessBuilder("node", "--version").redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start()
                    .waitFor();
        } catch (IOException _) {
            abort("no Node.js on the PATH");
        }
    }
}
