package dev.fusedit.torch.host;

import java.nio.file.Path;

/// How much of this process is in memory, in bytes; 0 where the system does not tell (Linux does).
public final class ResidentSet {
    private ResidentSet() {}

    public static long bytes() { return amount("VmRSS"); }

    /// The largest so far.
    public static long peakBytes() { return amount("VmHWM"); }

    private static long amount(String name) { return new SystemFile(Path.of("/proc/self/status")).amount(name).orElse(0); }
}
