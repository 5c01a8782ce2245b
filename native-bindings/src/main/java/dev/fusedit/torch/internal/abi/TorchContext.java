package dev.fusedit.torch.internal.abi;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.fusedit.torch.internal.load.LoadedLibrary;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/// Switches of the whole process: `at::globalContext()` (ATen/Context.h). They are in every libtorch, with CUDA or without; none of these throws.
public final class TorchContext {
    private static final SymbolLookup LIBRARY = LoadedLibrary.current().symbols();

    private static final long CONTEXT = context();

    private TorchContext() {}

    /// A switch, by its setter and its getter.
    public enum Switch {
        TF32_MATMUL("_ZN2at7Context18setAllowTF32CuBLASEb", "_ZNK2at7Context15allowTF32CuBLASEv"),
        FLASH("_ZN2at7Context14setSDPUseFlashEb", "_ZNK2at7Context19userEnabledFlashSDPEv"),
        MEMORY_EFFICIENT("_ZN2at7Context21setSDPUseMemEfficientEb", "_ZNK2at7Context26userEnabledMemEfficientSDPEv"),
        CUDNN("_ZN2at7Context14setSDPUseCuDNNEb", "_ZNK2at7Context19userEnabledCuDNNSDPEv"),
        MATH("_ZN2at7Context13setSDPUseMathEb", "_ZNK2at7Context18userEnabledMathSDPEv");

        private final MethodHandle setter;
        private final MethodHandle getter;

        Switch(String setter, String getter) {
            this.setter = bound(setter, FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_BOOLEAN));
            this.getter = bound(getter, FunctionDescriptor.of(JAVA_BOOLEAN, JAVA_LONG));
        }

        public void set(boolean on) {
            try {
                setter.invokeExact(CONTEXT, on);
            } catch (Throwable e) {
                throw Handles.unexpected(e);
            }
        }

        public boolean isOn() {
            try {
                return (boolean) getter.invokeExact(CONTEXT);
            } catch (Throwable e) {
                throw Handles.unexpected(e);
            }
        }
    }

    /// TF32 in cuDNN's convolutions; its getter may throw, so what was set is not asked for.
    public static void allowTf32Convolutions(boolean allowed) {
        try {
            bound("_ZN2at7Context17setAllowTF32CuDNNEb", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_BOOLEAN)).invokeExact(CONTEXT, allowed);
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    private static MethodHandle bound(String name, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(LIBRARY.findOrThrow(name), descriptor);
    }

    private static long context() {
        try {
            return (long) bound("_ZN2at13globalContextEv", FunctionDescriptor.of(JAVA_LONG)).invokeExact();
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }
}
