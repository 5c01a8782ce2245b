package dev.fusedit.torch.internal.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How much of this process is in memory.
final class ResidentSet {
    private ResidentSet() {}

    /// In bytes; 0 where the system does not tell (Linux does).
    static long bytes() {
        try (var lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .sum();
        } catch (IOException e) {
            return 0;
        }
    }
}
