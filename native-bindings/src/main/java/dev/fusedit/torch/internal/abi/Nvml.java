package dev.fusedit.torch.internal.abi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// NVIDIA's library for looking at devices, which comes with the driver: neither libtorch nor the CUDA runtime is needed.
public final class Nvml {
    private static final String LIBRARY = "libnvidia-ml.so.1";
    private static final int LONGEST_NAME = 96;
    private static final int UNKNOWN = 13;

    private Nvml() {}

    /// @param memory bytes in all
    /// @param free that no process holds
    public record Seen(String name, long memory, long free, int major, int minor) {}

    /// What the driver refuses, or why there is none.
    public static final class Refusal extends Exception {
        private static final long serialVersionUID = 1;

        Refusal(String message) { super(message); }
    }

    /// All devices of the machine, in the driver's order (by PCI bus).
    ///
    /// @throws Refusal if there is no driver, or none that works
    public static List<Seen> devices() throws Refusal {
        try (var arena = Arena.ofConfined()) {
            return new Library(library(arena), arena).devices();
        }
    }

    private static SymbolLookup library(Arena arena) throws Refusal {
        try {
            return SymbolLookup.libraryLookup(LIBRARY, arena);
        } catch (IllegalArgumentException e) {
            throw new Refusal("there is no NVIDIA driver (%s cannot be loaded)".formatted(LIBRARY));
        }
    }

    /// @param arena of the library and of what it writes to
    private record Library(SymbolLookup symbols, Arena arena) {
        List<Seen> devices() throws Refusal {
            check(call(function("nvmlInit_v2")));
            try {
                var count = arena.allocate(JAVA_INT);
                check(call(function("nvmlDeviceGetCount_v2", ADDRESS), count));
                var devices = new ArrayList<Seen>();
                for (int i = 0; i < count.get(JAVA_INT, 0); i++) devices.add(device(i));
                return devices;
            } finally {
                call(function("nvmlShutdown"));
            }
        }

        private Seen device(int index) throws Refusal {
            var handle = arena.allocate(ADDRESS);
            check(call(function("nvmlDeviceGetHandleByIndex_v2", JAVA_INT, ADDRESS), index, handle));
            var device = handle.get(ADDRESS, 0);
            var name = arena.allocate(LONGEST_NAME);
            check(call(function("nvmlDeviceGetName", ADDRESS, ADDRESS, JAVA_INT), device, name, LONGEST_NAME));
            var memory = arena.allocate(JAVA_LONG, 3); // all, free, used
            check(call(function("nvmlDeviceGetMemoryInfo", ADDRESS, ADDRESS), device, memory));
            var major = arena.allocate(JAVA_INT);
            var minor = arena.allocate(JAVA_INT);
            check(call(function("nvmlDeviceGetCudaComputeCapability", ADDRESS, ADDRESS, ADDRESS), device, major, minor));
            return new Seen(name.getString(0), memory.getAtIndex(JAVA_LONG, 0), memory.getAtIndex(JAVA_LONG, 1), major.get(JAVA_INT, 0),
                    minor.get(JAVA_INT, 0));
        }

        private void check(int code) throws Refusal {
            if (code == 0) return;
            var error = symbols.find("nvmlErrorString").map(function -> Linker.nativeLinker().downcallHandle(function,
                    FunctionDescriptor.of(JAVA_LONG, JAVA_INT)));
            try {
                throw new Refusal("the NVIDIA driver says: " + (error.isEmpty() ? "error " + code
                        : NativeMemory.string((long) error.get().invokeExact(code))));
            } catch (Refusal e) {
                throw e;
            } catch (Throwable e) {
                throw Handles.unexpected(e);
            }
        }

        private Optional<MethodHandle> function(String name, MemoryLayout... arguments) {
            return symbols.find(name).map(found -> Linker.nativeLinker().downcallHandle(found, FunctionDescriptor.of(JAVA_INT, arguments)));
        }

        /// An old driver lacks some.
        private static int call(Optional<MethodHandle> function, Object... arguments) {
            if (function.isEmpty()) return UNKNOWN;
            try {
                return (int) function.get().invokeWithArguments(arguments);
            } catch (Throwable e) {
                throw Handles.unexpected(e);
            }
        }
    }
}
