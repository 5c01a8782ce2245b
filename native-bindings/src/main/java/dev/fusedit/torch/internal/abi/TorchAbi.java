package dev.fusedit.torch.internal.abi;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.fusedit.torch.internal.load.LoadedLibrary;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/// libtorch's C ABI as method handles (torch/csrc/stable/c/shim.h, torch/csrc/inductor/aoti_torch/c/shim.h). Pointers are longs.
///
/// Only functions that catch every C++ exception, or that cannot throw, are named here: an exception that crosses a downcall kills
/// the process. `critical` (no safepoint, 10 ns cheaper) is for getters and the allocation of a few bytes alone: deleting a
/// handle may free a whole graph. Initialised on the first op, after [LoadedLibrary#open].
final class TorchAbi {
    private static final SymbolLookup LIBRARY = LoadedLibrary.current().symbols();
    private static final Linker LINKER = Linker.nativeLinker();

    // Calls and their values. Every int result is 0 or an error.
    static final MethodHandle CALL = normal("torch_call_dispatcher", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle SUBTRACT = normal("aoti_torch_aten_subtract_Tensor", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_DOUBLE, JAVA_LONG);
    static final MethodHandle EMPTY_STRIDED =
            normal("aoti_torch_empty_strided", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
    static final MethodHandle NEW_HANDLE = quick("aoti_torch_new_tensor_handle", JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle NEW_UNDEFINED = normal("aoti_torch_new_uninitialized_tensor", JAVA_INT, JAVA_LONG);
    static final MethodHandle DELETE = normal("aoti_torch_delete_tensor_object", JAVA_INT, JAVA_LONG);
    static final MethodHandle ASSIGN = normal("aoti_torch_assign_tensors", JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle NEW_LIST = quick("torch_new_list_reserve_size", JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle PUSH = quick("torch_list_push_back", JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle LIST_SIZE = quick("torch_list_size", JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle LIST_ITEM = quick("torch_list_get_item", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle DELETE_LIST = normal("torch_delete_list", JAVA_INT, JAVA_LONG);
    static final MethodHandle NEW_STRING = normal("torch_new_string_handle", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle DELETE_STRING = normal("torch_delete_string", JAVA_INT, JAVA_LONG);
    static final MethodHandle MALLOC = LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("malloc"),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG), Linker.Option.critical(false));
    static final MethodHandle FREE = LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("free"),
            FunctionDescriptor.ofVoid(JAVA_LONG));

    // Queries: (handle, out).
    static final MethodHandle DATA = getter("aoti_torch_get_data_ptr");
    static final MethodHandle DIM = getter("aoti_torch_get_dim");
    static final MethodHandle NUMEL = getter("aoti_torch_get_numel");
    static final MethodHandle SIZES = getter("aoti_torch_get_sizes");
    static final MethodHandle STRIDES = getter("aoti_torch_get_strides");
    static final MethodHandle DTYPE = getter("aoti_torch_get_dtype");
    static final MethodHandle DEVICE_TYPE = getter("aoti_torch_get_device_type");
    static final MethodHandle DEVICE_INDEX = getter("aoti_torch_get_device_index");
    static final MethodHandle CONTIGUOUS = getter("aoti_torch_is_contiguous");
    static final MethodHandle DEFINED = getter("aoti_torch_is_defined");
    static final MethodHandle STORAGE_BYTES = getter("aoti_torch_get_storage_size");
    static final MethodHandle STORAGE_OFFSET = getter("aoti_torch_get_storage_offset");

    // State of the calling thread or of the process.
    static final MethodHandle GRAD_MODE = LINKER.downcallHandle(LIBRARY.findOrThrow("aoti_torch_grad_mode_is_enabled"),
            FunctionDescriptor.of(ValueLayout.JAVA_BOOLEAN), Linker.Option.critical(false));
    static final MethodHandle SET_GRAD_MODE = LINKER.downcallHandle(LIBRARY.findOrThrow("aoti_torch_grad_mode_set_enabled"),
            FunctionDescriptor.ofVoid(ValueLayout.JAVA_BOOLEAN));
    static final MethodHandle SET_THREADS = LINKER.downcallHandle(LIBRARY.findOrThrow("_ZN2at15set_num_threadsEi"),
            FunctionDescriptor.ofVoid(JAVA_INT));
    static final MethodHandle GET_THREADS = LINKER.downcallHandle(LIBRARY.findOrThrow("_ZN2at15get_num_threadsEv"),
            FunctionDescriptor.of(JAVA_INT));
    static final @Nullable MethodHandle OPENBLAS_THREADS = soft("openblas_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT));
    static final @Nullable MethodHandle GET_OPENBLAS_THREADS = soft("openblas_get_num_threads", FunctionDescriptor.of(JAVA_INT));

    // TensorImpl, by its mangled names: none of these throws.
    static final MethodHandle GRAD = LINKER.downcallHandle(LIBRARY.findOrThrow("_ZNK3c1010TensorImpl4gradEv"),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
    static final MethodHandle MUTABLE_GRAD = LINKER.downcallHandle(LIBRARY.findOrThrow("_ZN3c1010TensorImpl12mutable_gradEv"),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
    static final MethodHandle REQUIRES_GRAD = LINKER.downcallHandle(LIBRARY.findOrThrow("_ZNK3c1010TensorImpl13requires_gradEv"),
            FunctionDescriptor.of(ValueLayout.JAVA_BOOLEAN, JAVA_LONG));

    // The CPU's default generator (ATen/CPUGeneratorImpl.h).
    static final MethodHandle CPU_GENERATOR = LINKER.downcallHandle(LIBRARY.findOrThrow("_ZN2at6detail22getDefaultCPUGeneratorEv"),
            FunctionDescriptor.of(JAVA_LONG));
    static final MethodHandle CPU_SEED = LINKER.downcallHandle(LIBRARY.findOrThrow("_ZN2at16CPUGeneratorImpl16set_current_seedEm"),
            FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG));

    // The text of the last failure on this thread; libtorch has it from 2.13 on.
    static final @Nullable MethodHandle WHAT =
            soft("torch_exception_get_what_without_backtrace", FunctionDescriptor.of(JAVA_LONG));

    private TorchAbi() {}

    private static MethodHandle normal(String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(LIBRARY.findOrThrow(name), FunctionDescriptor.of(result, arguments));
    }

    private static MethodHandle quick(String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(LIBRARY.findOrThrow(name), FunctionDescriptor.of(result, arguments), Linker.Option.critical(false));
    }

    private static MethodHandle getter(String name) { return quick(name, JAVA_INT, JAVA_LONG, JAVA_LONG); }

    private static @Nullable MethodHandle soft(String name, FunctionDescriptor descriptor) {
        return LIBRARY.find(name).map(address -> LINKER.downcallHandle(address, descriptor)).orElse(null);
    }
}
