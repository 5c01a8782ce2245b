package dev.fusedit.torch.internal.load;

import dev.fusedit.torch.LibtorchUnavailable;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// libtorch's CUDA libraries: over a gigabyte, so they are opened with libtorch only where there is an NVIDIA driver (libtorch's autograd
/// wants to know all devices before its first backward pass), and else when somebody asks for a device.
///
/// A failure to open them is told to who asks for CUDA; the CPU goes on working.
final class CudaPart {
    /// libtorch's own count of its devices; `noexcept`.
    private static final String DEVICE_COUNT = "_ZN3c104cuda12device_countEv";
    private static final String DRIVER = "libcuda.so.1";

    private final SymbolLookup libtorch;
    private final List<Path> files;
    private final Opener opener;
    private @Nullable SymbolLookup opened;
    private @Nullable LibtorchUnavailable failure;

    /// Opens a library for the life of the process.
    @FunctionalInterface
    interface Opener {
        SymbolLookup open(Path file);
    }

    /// @param libtorch all that is open
    CudaPart(SymbolLookup libtorch, List<Path> files, Opener opener) {
        this.libtorch = libtorch;
        this.files = files;
        this.opener = opener;
    }

    /// Whether this libtorch was built with CUDA.
    boolean isBuilt() { return !files.isEmpty() || libtorch.find(DEVICE_COUNT).isPresent(); }

    /// Opens it if there is a driver.
    void openWithDriver() {
        if (files.isEmpty() || driver() == null) return;
        try {
            symbols();
        } catch (LibtorchUnavailable e) {
            // remembered for who asks
        }
    }

    /// The driver's own library; null without one.
    static @Nullable SymbolLookup driver() {
        try {
            return SymbolLookup.libraryLookup(DRIVER, Arena.global());
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /// All symbols, those of libtorch for the CPU too.
    ///
    /// @throws LibtorchUnavailable if it cannot be opened; the same at every later call
    synchronized SymbolLookup symbols() {
        if (failure != null) throw new LibtorchUnavailable(failure.getMessage(), failure);
        if (opened == null) {
            try {
                var all = libtorch;
                for (var file : files) all = opener.open(file).or(all);
                opened = all;
            } catch (LibtorchUnavailable e) {
                failure = e;
                throw e;
            }
        }
        return opened;
    }

    OptionalInt devices() {
        if (!isBuilt()) return OptionalInt.empty();
        try { // int8
            return OptionalInt.of((byte) Linker.nativeLinker().downcallHandle(symbols().findOrThrow(DEVICE_COUNT),
                    FunctionDescriptor.of(ValueLayout.JAVA_BYTE)).invokeExact());
        } catch (LibtorchUnavailable e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
