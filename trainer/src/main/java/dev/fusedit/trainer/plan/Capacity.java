package dev.fusedit.trainer.plan;

import dev.fusedit.torch.javacpp.CudaDevices;
import dev.fusedit.trainer.recipe.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/// Memory that a run may take here.
///
/// @param bytes free now
/// @param of what, for messages
public record Capacity(long bytes, String of) {
    private static final Path CGROUP = Path.of("/sys/fs/cgroup");

    public static Capacity of(Run.Device device) {
        if (device == Run.Device.CPU) return new Capacity(host(), "this machine's memory");
        var found = CudaDevices.list();
        return found.isEmpty() ? new Capacity(host(), "this machine's memory (there is no CUDA device here)")
                : new Capacity(found.getFirst().free(), "the memory of " + found.getFirst().name());
    }

    /// What the system can give without swapping, and what the control group still allows.
    private static long host() {
        long available = field(Path.of("/proc/meminfo"), "MemAvailable:").orElse(Runtime.getRuntime().maxMemory()) << 10;
        long limit =
                number(CGROUP.resolve("memory.max")).orElse(number(CGROUP.resolve("memory/memory.limit_in_bytes")).orElse(Long.MAX_VALUE));
        long used = number(CGROUP.resolve("memory.current")).orElse(number(CGROUP.resolve("memory/memory.usage_in_bytes")).orElse(0));
        long cached = field(CGROUP.resolve("memory.stat"), "inactive_file").orElse(0); // given back when asked for
        return Math.min(available, limit - used + cached);
    }

    private static OptionalLong number(Path file) {
        try {
            var text = Files.readString(file).strip();
            return text.matches("\\d{1,18}") ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    private static OptionalLong field(Path file, String name) {
        try (var lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(name)).mapToLong(line -> Long.parseLong(line.replaceAll("\\D+", ""))).findFirst();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }
}
