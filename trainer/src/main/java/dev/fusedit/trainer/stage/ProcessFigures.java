package dev.fusedit.trainer.stage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/// What the operating system says of this process.
public final class ProcessFigures {
    private ProcessFigures() {}

    /// Seconds since the process was started, the launcher included (it becomes this process).
    public static double seconds() {
        var start = ProcessHandle.current().info().startInstant().orElseGet(Instant::now);
        return Duration.between(start, Instant.now()).toMillis() / 1000.0;
    }

    /// Largest resident set so far in MiB; 0 where the system does not tell (it does on Linux).
    public static long peakMiB() {
        try (var lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmHWM:")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                    .sum();
        } catch (IOException e) {
            return 0;
        }
    }
}
