package dev.fusedit.torch.internal.abi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.fusedit.torch.internal.load.LoadedLibrary;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The CUDA functions of libtorch's C ABI (torch/csrc/inductor/aoti_torch/c/shim.h, torch/csrc/stable/c/shim.h) and of the CUDA runtime
/// beside it, as method handles. Pointers are longs; every int result is 0 or an error. Initialised when a device is first asked for.
///
/// All of these are in libtorch 2.10 with CUDA 12 and in what 2.13's JNI library asks CUDA 13's runtime for.
final class CudaAbi {
    private static final SymbolLookup LIBRARY = LoadedLibrary.current().cudaSymbols();
    private static final Linker LINKER = Linker.nativeLinker();
    private static final List<String> NAMES = new ArrayList<>();

    // libtorch: streams and devices of the calling thread. None lets an exception out.
    static final MethodHandle CURRENT_STREAM = bound("aoti_torch_get_current_cuda_stream", JAVA_INT, JAVA_INT, JAVA_LONG);
    static final MethodHandle SET_STREAM = bound("torch_set_current_cuda_stream", JAVA_INT, JAVA_LONG, JAVA_INT);
    static final MethodHandle POOL_STREAM = bound("torch_get_cuda_stream_from_pool", JAVA_INT, JAVA_BOOLEAN, JAVA_INT, JAVA_LONG);
    static final MethodHandle SYNCHRONIZE_STREAM = bound("torch_cuda_stream_synchronize", JAVA_INT, JAVA_LONG, JAVA_INT);
    static final MethodHandle NEW_GUARD = bound("aoti_torch_create_cuda_guard", JAVA_INT, JAVA_INT, JAVA_LONG);
    static final MethodHandle DELETE_GUARD = bound("aoti_torch_delete_cuda_guard", JAVA_INT, JAVA_LONG);

    // The CUDA runtime.
    static final MethodHandle NEW_EVENT = bound("cudaEventCreateWithFlags", JAVA_INT, JAVA_LONG, JAVA_INT);
    static final MethodHandle RECORD = bound("cudaEventRecord", JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle WAIT = bound("cudaStreamWaitEvent", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    static final MethodHandle QUERY_EVENT = bound("cudaEventQuery", JAVA_INT, JAVA_LONG);
    static final MethodHandle SYNCHRONIZE_EVENT = bound("cudaEventSynchronize", JAVA_INT, JAVA_LONG);
    static final MethodHandle ELAPSED = bound("cudaEventElapsedTime", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle DELETE_EVENT = bound("cudaEventDestroy", JAVA_INT, JAVA_LONG);
    static final MethodHandle SYNCHRONIZE = bound("cudaDeviceSynchronize", JAVA_INT);
    static final MethodHandle MEMORY = bound("cudaMemGetInfo", JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle ATTRIBUTE = bound("cudaDeviceGetAttribute", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT);
    static final MethodHandle RUNTIME_VERSION = bound("cudaRuntimeGetVersion", JAVA_INT, JAVA_LONG);
    static final MethodHandle DRIVER_VERSION = bound("cudaDriverGetVersion", JAVA_INT, JAVA_LONG);
    static final MethodHandle PEEK_ERROR = bound("cudaPeekAtLastError", JAVA_INT);
    static final MethodHandle ERROR_TEXT = bound("cudaGetErrorString", JAVA_LONG, JAVA_INT);

    // A device's default generator (ATen/cuda/CUDAGeneratorImpl.h). It throws for a device that is not there and while a graph is captured.
    static final MethodHandle GENERATOR = bound("_ZN2at4cuda6detail23getDefaultCUDAGeneratorEa", JAVA_LONG, JAVA_BYTE);
    static final MethodHandle SET_SEED = boundVoid("_ZN2at17CUDAGeneratorImpl16set_current_seedEm", JAVA_LONG, JAVA_LONG);
    static final MethodHandle SEED = bound("_ZNK2at17CUDAGeneratorImpl12current_seedEv", JAVA_LONG, JAVA_LONG);
    static final MethodHandle SET_OFFSET = boundVoid("_ZN2at17CUDAGeneratorImpl10set_offsetEm", JAVA_LONG, JAVA_LONG);
    static final MethodHandle OFFSET = bound("_ZNK2at17CUDAGeneratorImpl10get_offsetEv", JAVA_LONG, JAVA_LONG);

    /// Where the address of libtorch's allocator is: `std::atomic<CUDAAllocator*>`.
    static final long ALLOCATOR = address("_ZN3c104cuda20CUDACachingAllocator9allocatorE");

    // Marks for profilers, where their library is: a PyTorch wheel may do without.
    static final @Nullable MethodHandle PUSH_RANGE = soft("nvtxRangePushA", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    static final @Nullable MethodHandle POP_RANGE = soft("nvtxRangePop", FunctionDescriptor.of(JAVA_INT));

    private CudaAbi() {}

    /// What was looked up.
    static List<String> names() { return List.copyOf(NAMES); }

    private static MethodHandle bound(String name, MemoryLayout result, MemoryLayout... arguments) {
        NAMES.add(name);
        return LINKER.downcallHandle(LIBRARY.findOrThrow(name), FunctionDescriptor.of(result, arguments));
    }

    private static MethodHandle boundVoid(String name, MemoryLayout... arguments) {
        NAMES.add(name);
        return LINKER.downcallHandle(LIBRARY.findOrThrow(name), FunctionDescriptor.ofVoid(arguments));
    }

    private static long address(String name) {
        NAMES.add(name);
        return LIBRARY.findOrThrow(name).address();
    }

    private static @Nullable MethodHandle soft(String name, FunctionDescriptor descriptor) {
        return LIBRARY.find(name).map(function -> LINKER.downcallHandle(function, descriptor)).orElse(null);
    }
}
