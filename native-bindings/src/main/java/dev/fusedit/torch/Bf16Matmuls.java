package dev.fusedit.torch;

import dev.fusedit.torch.host.Cpu;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// Whether libtorch multiplies bf16 on the CPU by instructions made for it.
///
/// A rule, not a measurement: it decides over bits. The CPU has them ([Cpu#bf16]), oneDNN may use them (`ONEDNN_MAX_CPU_ISA`), and libtorch
/// calls oneDNN for bf16, which it says itself: not without AVX-512, nor in a build without oneDNN. On AVX-512 without bf16 oneDNN widens
/// the numbers as it goes and is slower than f32 ([PathChoice]).
final class Bf16Matmuls {
    /// Values of the variable that leave no bf16 instruction. Every other one does, or means nothing to oneDNN.
    private static final Set<String> WITHOUT = Set.of("sse41", "avx", "avx2", "avx2_vnni", "avx512_core", "avx512_core_vnni");

    private static volatile boolean assumed;
    private static volatile boolean present;

    private Bf16Matmuls() {}

    /// In this process. The same at every call.
    static boolean here() { return assumed ? present : Here.YES; }

    private static final class Here {
        static final boolean YES = allowed(Cpu.here(), System.getenv()) && served();
    }

    static boolean allowed(Cpu cpu, Map<String, String> environment) {
        var variable = environment.getOrDefault("ONEDNN_MAX_CPU_ISA", "");
        var most = variable.isEmpty() ? environment.getOrDefault("DNNL_MAX_CPU_ISA", "") : variable;
        return cpu.bf16() && !WITHOUT.contains(most.toLowerCase(Locale.ROOT));
    }

    private static boolean served() {
        try {
            return Torch.call("mkldnn::_is_mkldnn_bf16_supported", "").asBoolean();
        } catch (LibtorchUnavailable e) { // a plan without libtorch
            return true;
        } catch (TorchException e) { // a build without oneDNN has no such op
            return false;
        }
    }

    /// For tests: as if the CPU had them or not, until the result is closed.
    static Assumption assume(boolean has) {
        present = has;
        assumed = true;
        return () -> assumed = false;
    }

    @FunctionalInterface
    interface Assumption extends AutoCloseable {
        @Override
        void close();
    }
}
