package dev.fusedit.benchmarks;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/// The floors: `at::_ops::mul_Tensor::call` and the like by their mangled names, as C++ code would call them, and the destructor of their
/// result; libtorch's look-up of an op by its name; C's own memory functions. For measuring only: an exception that leaves one of the
/// ops kills the process.
final class BareCall {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup LIBRARY =
            SymbolLookup.libraryLookup(Libtorch.load().path().resolve("libtorch_cpu.so"), Arena.global());
    private static final MethodHandle MALLOC = LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("malloc"),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG), Linker.Option.critical(false));
    private static final MethodHandle FREE =
            LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("free"), FunctionDescriptor.ofVoid(JAVA_LONG));
    private static final MethodHandle MEMCPY = LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("memcpy"),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle MEMCPY_TO_HEAP = LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("memcpy"),
            FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS, JAVA_LONG), Linker.Option.critical(true));
    // An at::Tensor is returned through a hidden pointer, the first argument; so is an OperatorHandle.
    private static final MethodHandle MUL = function("_ZN2at4_ops10mul_Tensor4callERKNS_6TensorES4_", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle ADD =
            function("_ZN2at4_ops10add_Tensor4callERKNS_6TensorES4_RKN3c106ScalarE", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle DISPATCHER = function("_ZN3c1010Dispatcher13realSingletonEv");
    private static final MethodHandle FIND =
            function("_ZN3c1010Dispatcher17findSchemaOrThrowEPKcS2_", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle DELETE = LINKER.downcallHandle(LIBRARY.findOrThrow("aoti_torch_delete_tensor_object"),
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
    private static final MethodHandle SUBTRACT = LINKER.downcallHandle(LIBRARY.findOrThrow("aoti_torch_aten_subtract_Tensor"),
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_DOUBLE, JAVA_LONG));
    private static final MethodHandle COPY = LINKER.downcallHandle(LIBRARY.findOrThrow("aoti_torch_new_tensor_handle"),
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG), Linker.Option.critical(false));

    private static final MemorySegment OUT = Arena.global().allocate(JAVA_LONG, 2);
    private static final long NAME = Arena.global().allocateFrom("aten::mul").address();
    private static final long OVERLOAD = Arena.global().allocateFrom("Tensor").address();
    private static final long ONE = one();

    private BareCall() {}

    private static MethodHandle function(String name, MemoryLayout... arguments) {
        return LINKER.downcallHandle(LIBRARY.findOrThrow(name), FunctionDescriptor.of(JAVA_LONG, arguments));
    }

    /// A `c10::Scalar` of the integer 1: its kind (1), then, aligned for a complex number, the value.
    private static long one() {
        var scalar = Arena.global().allocate(32, 16);
        scalar.set(JAVA_INT, 0, 1);
        scalar.set(JAVA_LONG, 16, 1);
        return scalar.address();
    }

    static void mul(Tensor x, Tensor y) throws Throwable {
        var result = (long) MALLOC.invokeExact(8L);
        long _ = (long) MUL.invokeExact(result, x.borrowHandle(), y.borrowHandle());
        int _ = (int) DELETE.invokeExact(result);
    }

    static void add(Tensor x, Tensor y) throws Throwable { delete(sum(x, y)); }

    /// x + y by the C ABI's entry that our add uses.
    static void addByEntry(Tensor x, Tensor y) throws Throwable {
        int _ = (int) SUBTRACT.invokeExact(x.borrowHandle(), y.borrowHandle(), -1.0, OUT.address());
        delete(OUT.get(JAVA_LONG, 0));
    }

    /// The handle is the caller's.
    static long sum(Tensor x, Tensor y) throws Throwable {
        var result = (long) MALLOC.invokeExact(8L);
        long _ = (long) ADD.invokeExact(result, x.borrowHandle(), y.borrowHandle(), ONE);
        return result;
    }

    /// Finds `aten::mul.Tensor` by its name, as every call through the C ABI's dispatcher does.
    static long find() throws Throwable { return (long) FIND.invokeExact(OUT.address(), (long) DISPATCHER.invokeExact(), NAME, OVERLOAD); }

    static long copy(Tensor x) throws Throwable {
        int _ = (int) COPY.invokeExact(x.borrowHandle(), OUT.address());
        return OUT.get(JAVA_LONG, 0);
    }

    static void delete(long handle) throws Throwable {
        int _ = (int) DELETE.invokeExact(handle);
    }

    static long malloc(long bytes) throws Throwable { return (long) MALLOC.invokeExact(bytes); }

    static void free(long address) throws Throwable { FREE.invokeExact(address); }

    /// Into a Java array, which the call sees in its place.
    static void memcpy(MemorySegment to, long from, long bytes) throws Throwable {
        var _ = (MemorySegment) MEMCPY_TO_HEAP.invokeExact(to, MemorySegment.ofAddress(from), bytes);
    }

    static void memcpy(long to, long from, long bytes) throws Throwable {
        long _ = (long) MEMCPY.invokeExact(to, from, bytes);
    }
}
