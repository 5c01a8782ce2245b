package dev.fusedit.torch.host;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableSet;
import java.nio.file.Path;
import java.util.Set;

/// A processor and the instructions that it has, by the flags of `/proc/cpuinfo`.
///
/// @param name as its maker calls it; the architecture where the system does not tell
/// @param flags lower case; empty where the system does not tell (macOS)
public record Cpu(String name, Set<String> flags) {
    private static final Set<String> AVX512_CORE = Set.of("avx512f", "avx512bw", "avx512vl", "avx512dq");

    public Cpu {
        flags = ImmutableSet.copyOf(flags);
    }

    public static Cpu here() { return of(Path.of("/")); }

    static Cpu of(Path root) {
        var info = new SystemFile(root.resolve("proc/cpuinfo"));
        var name = info.value("model name").orElse(System.getProperty("os.arch"));
        var flags = info.value("flags").or(() -> info.value("Features")).orElse("");
        return new Cpu(name, ImmutableSet.copyOf(Splitter.on(' ').omitEmptyStrings().split(flags)));
    }

    public boolean avx2() { return flags.contains("avx2"); }

    /// The parts of AVX-512 that oneDNN and libtorch ask for together: F, BW, VL and DQ.
    public boolean avx512() { return flags.containsAll(AVX512_CORE); }

    /// Whether it multiplies bf16: by AVX-512, by AVX2, by AMX, or on Arm.
    public boolean bf16() {
        return flags.contains("avx512_bf16") || flags.contains("avx_ne_convert") || flags.contains("amx_bf16") || flags.contains("bf16");
    }

    public boolean amx() { return flags.contains("amx_tile"); }
}
