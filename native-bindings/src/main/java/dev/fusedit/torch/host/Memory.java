package dev.fusedit.torch.host;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// Main memory of the machine, and what of it this process may take, in bytes.
///
/// @param total of the machine
/// @param allowed the smallest of the machine's and the limits of the process's control group and its parents
/// @param available what can be taken now without swapping: free, or held by caches that make way
/// @param limitedBy the control group, `/a/b`, whose limit leaves less available than the machine has; null if none does
public record Memory(long total, long allowed, long available, @Nullable String limitedBy) {
    static Memory of(Path root, ControlGroups groups) {
        var info = new SystemFile(root.resolve("proc/meminfo"));
        long total = info.amount("MemTotal").orElseGet(Memory::ofTheJvm);
        long allowed = total, available = Math.min(total, info.amount("MemAvailable").orElseGet(() -> unused(info, total)));
        String limitedBy = null;
        for (var group : groups.memory()) {
            var limit = limit(group);
            if (limit.isEmpty() || limit.getAsLong() >= total) continue;
            allowed = Math.min(allowed, limit.getAsLong());
            long left = Math.max(0, limit.getAsLong() - used(group));
            if (left < available) {
                available = left;
                limitedBy = group.name();
            }
        }
        return new Memory(total, allowed, available, limitedBy);
    }

    /// `the control group's limit (/a/b)` or `this machine's memory`: what [#available] is a part of.
    public String source() { return limitedBy == null ? "this machine's memory" : "the control group's limit (" + limitedBy + ")"; }

    private static OptionalLong limit(ControlGroups.Group group) {
        return group.file(group.version() == 2 ? "memory.max" : "memory.limit_in_bytes").number();
    }

    /// Without the files' cache that has not been used for a while: it makes way.
    private static long used(ControlGroups.Group group) {
        boolean second = group.version() == 2;
        long charged = group.file(second ? "memory.current" : "memory.usage_in_bytes").number().orElse(0);
        return charged - group.file("memory.stat").amount(second ? "inactive_file" : "total_inactive_file").orElse(0);
    }

    /// Where the system does not tell what is available in a file. A kernel before 3.14: free pages and caches. macOS: what [VmStat] says. Else what
    /// Java takes for free.
    private static long unused(SystemFile info, long total) {
        var free = info.amount("MemFree");
        if (free.isPresent()) return free.getAsLong() + info.amount("Cached").orElse(0);
        return VmStat.available().orElseGet(() -> {
            long byJava = ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                    ? system.getFreeMemorySize()
                    : 0;
            return byJava > 0 ? byJava : total;
        });
    }

    private static long ofTheJvm() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : Runtime.getRuntime().maxMemory();
    }
}
