package dev.fusedit.torch;

import dev.fusedit.torch.cuda.CudaDevices;
import dev.fusedit.torch.internal.abi.CudaRefusals;
import dev.fusedit.torch.internal.load.LoadedLibrary;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Whether CUDA can be used, asked before libtorch is: what it says itself is a list of all its dispatcher's backends.
final class CudaSupport {
    private static final String REMEDY =
            "Take the CPU (run.device: cpu, or --device cpu), or a libtorch with CUDA on a machine with an NVIDIA GPU "
                    + "(FUSEDIT_MAVEN_ARGS=-Pcuda builds with one)";

    private static @Nullable OptionalInt count;
    /// Devices that were found; asked before every tensor that is made on one.
    private static volatile int found;

    private CudaSupport() {}

    static void require(Device device) {
        if (device.index() < found) return;
        var problem = problem(device, devices(), LoadedLibrary.current().info(), CudaDevices::reason);
        if (problem != null) {
            throw new LibtorchUnavailable(problem);
        }
    }

    static boolean has(Device device) {
        return !CudaDevices.list().isEmpty() && device.index() < devices().orElse(0);
    }

    private static synchronized OptionalInt devices() {
        if (count == null) {
            count = LoadedLibrary.current().cudaDevices();
            found = count.orElse(0);
            CudaRefusals.watch(found);
        }
        return count;
    }

    /// @param devices that libtorch finds; none for a build for the CPU
    /// @param reason why it finds none
    static @Nullable String problem(Device device, OptionalInt devices, LibtorchInfo libtorch, Supplier<String> reason) {
        var asked = "The device %s was asked for, but libtorch %s in %s ".formatted(device, libtorch.version(), libtorch.path());
        if (devices.isEmpty()) {
            return asked + "is used for the CPU only. " + REMEDY + ".";
        }
        int found = devices.getAsInt();
        if (found == 0) {
            return asked + "finds no CUDA device: " + reason.get() + ". " + REMEDY + ".";
        }
        return device.index() < found ? null
                : asked + "finds %d CUDA device%s, the last is cuda:%d.".formatted(found, found == 1 ? "" : "s", found - 1);
    }
}
