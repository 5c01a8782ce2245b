package dev.fusedit.torch.cuda;

import dev.fusedit.torch.Device;
import dev.fusedit.torch.internal.abi.Cuda;
import dev.fusedit.torch.internal.abi.Nvml;
import dev.fusedit.torch.internal.load.LoadedLibrary;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// The machine's CUDA devices, as the driver tells them: neither libtorch nor the CUDA runtime is needed. No device, or no driver, is a
/// normal case: an empty list with a reason.
///
/// The order is the driver's (by PCI bus); `CUDA_VISIBLE_DEVICES` hides nothing here. What libtorch can use says [#usable].
public final class CudaDevices {
    private static final int MAJOR = 1000, MINOR = 10;

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

    /// What kernels are chosen by, as libtorch counts the devices.
    ///
    /// @param multiprocessors parts of it that compute side by side
    /// @param l2Bytes of the cache that they share
    public record Properties(String name, int major, int minor, int multiprocessors, int l2Bytes) {}

    public static List<CudaDevice> list() { return find().devices(); }

    /// Never throws for a missing device or driver.
    public static Found find() {
        try {
            var seen = Nvml.devices();
            var devices = IntStream.range(0, seen.size()).mapToObj(i -> device(i, seen.get(i))).toList();
            return new Found(devices, devices.isEmpty() ? "the NVIDIA driver knows no device" : "");
        } catch (Nvml.Refusal e) {
            return new Found(List.of(), String.valueOf(e.getMessage()));
        }
    }

    private static CudaDevice device(int index, Nvml.Seen seen) {
        return new CudaDevice(index, seen.name(), seen.memory(), seen.free(), seen.major(), seen.minor());
    }

    /// How many devices this process's libtorch can use; 0 for a build for the CPU too.
    ///
    /// @throws dev.fusedit.torch.LibtorchUnavailable if its CUDA libraries cannot be opened
    public static int usable() { return LoadedLibrary.current().cudaDevices().orElse(0); }

    /// Whether this process's libtorch was built with CUDA, whatever devices there are.
    public static boolean isBuilt() { return LoadedLibrary.current().hasCuda(); }

    /// Why libtorch, which was built with CUDA, finds no device.
    public static String reason() {
        var found = find();
        if (!found.reason().isEmpty()) return found.reason();
        int driver = Cuda.driverVersion(), runtime = Cuda.runtimeVersion();
        return driver / MAJOR < runtime / MAJOR
                ? "the NVIDIA driver serves CUDA %s, which is older than this libtorch's %s".formatted(version(driver), version(runtime))
                : "CUDA_VISIBLE_DEVICES hides all of them";
    }

    /// `12.8` of 12080.
    static String version(int number) { return String.format(Locale.ROOT, "%d.%d", number / MAJOR, number % MAJOR / MINOR); }

    /// @throws dev.fusedit.torch.LibtorchUnavailable as [Device#available]
    public static Properties properties(int index) {
        Device.cuda(index).available();
        return new Properties(Cuda.name(index), Cuda.attribute(Cuda.MAJOR, index), Cuda.attribute(Cuda.MINOR, index),
                Cuda.attribute(Cuda.MULTIPROCESSORS, index), Cuda.attribute(Cuda.L2_BYTES, index));
    }
}
