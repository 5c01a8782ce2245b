package dev.fusedit.torch.javacpp;

import static org.bytedeco.cuda.global.nvml.nvmlDeviceGetCount_v2;
import static org.bytedeco.cuda.global.nvml.nvmlDeviceGetCudaComputeCapability;
import static org.bytedeco.cuda.global.nvml.nvmlDeviceGetHandleByIndex_v2;
import static org.bytedeco.cuda.global.nvml.nvmlDeviceGetMemoryInfo;
import static org.bytedeco.cuda.global.nvml.nvmlDeviceGetName;
import static org.bytedeco.cuda.global.nvml.nvmlErrorString;
import static org.bytedeco.cuda.global.nvml.nvmlInit_v2;
import static org.bytedeco.cuda.global.nvml.nvmlShutdown;

import dev.fusedit.torch.presets.MemoryGuard;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.cuda.nvml.nvmlDevice_st;
import org.bytedeco.cuda.nvml.nvmlMemory_t;

/// The machine's CUDA devices, as the driver tells them through the CUDA presets (NVML: neither libtorch nor the CUDA runtime is
/// needed). No device, or no driver, is a normal case: an empty list with a reason.
///
/// The order is the driver's (by PCI bus); `CUDA_VISIBLE_DEVICES` hides nothing here.
public final class CudaDevices {
    private static final int LONGEST_NAME = 96;

    private CudaDevices() {}

    /// @param index in the driver's order
    /// @param memory bytes in all
    /// @param free bytes that no process held when asked
    public record CudaDevice(int index, String name, long memory, long free, int major, int minor) {
        /// Compute capability, such as `9.0`.
        public String capability() { return major + "." + minor; }
    }

    /// @param reason why there are none; empty if there are some
    public record Found(List<CudaDevice> devices, String reason) {}

    public static List<CudaDevice> list() { return find().devices(); }

    /// Never throws for a missing device, driver or preset.
    public static Found find() {
        try {
            MemoryGuard.off();
            return Nvml.ask();
        } catch (LinkageError e) { // no driver's library, or no natives of the presets
            return none(e.getMessage() != null && e.getMessage().contains("jninvml") && !e.getMessage().contains("nvidia-ml")
                    ? "the CUDA presets' natives are not on the class path"
                    : "there is no NVIDIA driver (libnvidia-ml.so.1 cannot be loaded)");
        } catch (NvmlRefusal e) {
            return none(e.getMessage());
        }
    }

    private static Found none(String reason) { return new Found(List.of(), reason); }

    private static final class NvmlRefusal extends RuntimeException {
        private static final long serialVersionUID = 1;

        NvmlRefusal(String message) { super(message); }
    }

    /// Apart, so that a missing library shows as an error of this class's first use.
    private static final class Nvml {
        static Found ask() {
            check(nvmlInit_v2());
            try {
                var count = new int[1];
                check(nvmlDeviceGetCount_v2(count));
                var devices = IntStream.range(0, count[0]).mapToObj(Nvml::device).toList();
                return devices.isEmpty() ? none("the NVIDIA driver knows no device") : new Found(devices, "");
            } finally {
                nvmlShutdown();
            }
        }

        private static CudaDevice device(int index) {
            try (var device = new nvmlDevice_st(); var memory = new nvmlMemory_t()) {
                check(nvmlDeviceGetHandleByIndex_v2(index, device));
                var name = new byte[LONGEST_NAME];
                check(nvmlDeviceGetName(device, name, name.length));
                check(nvmlDeviceGetMemoryInfo(device, memory));
                var major = new int[1];
                var minor = new int[1];
                check(nvmlDeviceGetCudaComputeCapability(device, major, minor));
                var text = new String(name, StandardCharsets.UTF_8);
                return new CudaDevice(index, text.substring(0, text.indexOf('\0')), memory.total(), memory._free(), major[0], minor[0]);
            }
        }

        private static void check(int code) {
            if (code != 0) {
                throw new NvmlRefusal("the NVIDIA driver says: " + nvmlErrorString(code).getString());
            }
        }
    }
}
