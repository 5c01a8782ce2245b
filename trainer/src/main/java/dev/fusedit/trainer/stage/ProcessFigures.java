package dev.fusedit.trainer.stage;

import dev.fusedit.torch.Device;
import dev.fusedit.torch.cuda.Accelerator;
import dev.fusedit.torch.host.ResidentSet;
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
    public static long peakMiB() { return ResidentSet.peakBytes() >> 20; }

    /// The most in MiB that work on a device took of what is short there: of a GPU what libtorch's allocator reserved of its memory, of the CPU
    /// [#peakMiB()].
    public static long peakMiB(Device device) { return Accelerator.of(device).memory().statistics().peakReserved() >> 20; }
}
