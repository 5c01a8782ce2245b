package dev.fusedit.torch.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/// What macOS's `vm_stat` says of memory. Java tells there how many pages are free, which are few by design: most that can be taken at once is
/// inactive, speculative or purgeable.
final class VmStat {
    private static final Pattern PAGE = Pattern.compile("page size of (\\d+) bytes");
    private static final Pattern TAKEN = Pattern.compile("(?m)^Pages (?:free|inactive|speculative|purgeable):\\s+(\\d+)\\.?$");
    private static final long PATIENCE_SECONDS = 2;

    private VmStat() {}

    /// Bytes that can be taken without swapping; empty where there is no such program.
    static OptionalLong available() {
        if (!System.getProperty("os.name").startsWith("Mac")) return OptionalLong.empty();
        try {
            var process = new ProcessBuilder("/usr/bin/vm_stat").redirectErrorStream(true).start();
            try (var out = process.getInputStream()) {
                var text = new String(out.readAllBytes(), StandardCharsets.UTF_8);
                return process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) ? available(text) : OptionalLong.empty();
            } finally {
                process.destroy();
            }
        } catch (IOException e) {
            return OptionalLong.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return OptionalLong.empty();
        }
    }

    /// @param text that it wrote
    static OptionalLong available(String text) {
        var page = PAGE.matcher(text);
        long pages = TAKEN.matcher(text).results().mapToLong(line -> Long.parseLong(line.group(1))).sum();
        return page.find() && pages > 0 ? OptionalLong.of(pages * Long.parseLong(page.group(1))) : OptionalLong.empty();
    }
}
