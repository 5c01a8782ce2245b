package dev.fusedit.benchmarks;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/// The floor: `at::_ops::mul_Tensor::call` by its mangled name, as C++ code would call it, and the destructor of its result. For
/// measuring only: an exception that leaves it kills the process.
final class BareCall {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup LIBRARY =
            SymbolLookup.libraryLookup(Libtorch.load().path().resolve("libtorch_cpu.so"), Arena.global());
    private static final MethodHandle MALLOC = LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("malloc"),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG), Linker.Option.critical(false));
    // An at::Tensor is returned through a hidden pointer, the first argument.
    private static final MethodHandle MUL = LINKER.downcallHandle(LIBRARY.findOrThrow("_ZN2at4_ops10mul_Tensor4callERKNS_6TensorES4_"),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle DELETE = LINKER.downcallHandle(LIBRARY.findOrThrow("aoti_torch_delete_tensor_object"),
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG));

    private BareCall() {}

    static void mul(Tensor x, Tensor y) throws Throwable {
        var result = (long) MALLOC.invokeExact(8L);
        long _ = (long) MUL.invokeExact(result, x.borrowHandle(), y.borrowHandle());
        int _ = (int) DELETE.invokeExact(result);
    }
}
