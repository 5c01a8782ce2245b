package dev.fusedit.torch.internal.abi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.fusedit.torch.internal.load.LoadedLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/// Kernels for libtorch's meta device where its C++ has none, PyTorch's being written in Python: registered with the dispatcher as any kernel,
/// so that graphs, shapes and what a graph keeps are those of other devices. They make tensors of the right shape and dtype, and no number.
///
/// Values lie on the stack as `torch/csrc/stable/c/shim.h` has them. A kernel owns the tensors that it is given.
public final class MetaKernels {
    /// Results of a call, as they lie on the stack.
    private interface Results {
        long[] of(long[] args);
    }

    /// @param args what each is: a tensor `T`, a list of tensors `L`, a list of numbers `l`, an optional tensor `O`, a value in place `.`, an
    ///        optional one `o`
    private record Kernel(String args, Results results) {}

    private static final int META = 14;
    private static final int BOOL = 11;
    private static final int F32 = 6;
    private static final MethodHandle INIT = handle("aoti_torch_library_init_impl", JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS);
    private static final MethodHandle IMPL = handle("torch_library_impl", JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG);
    private static final Map<String, Kernel> KERNELS = new LinkedHashMap<>();

    static {
        kernel("embedding", "TT...", a -> made(a[0], join(Handles.shape(a[1]), Handles.size(a[0], 1))));
        kernel("embedding_dense_backward", "TT...", a -> made(a[0], a[2], Handles.size(a[0], Handles.rank(a[0]) - 1)));
        kernel("index_select", "T.T", a -> made(a[0], replaced(Handles.shape(a[0]), a[1], Handles.numel(a[2]))));
        kernel("roll", "Tll", a -> made(a[0], Handles.shape(a[0])));
        kernel("where.self", "TTT", a -> made(a[1], broadcast(Handles.shape(a[0]), broadcast(Handles.shape(a[1]), Handles.shape(a[2])))));
        kernel("logical_and", "TT", a -> new long[] {empty(BOOL, broadcast(Handles.shape(a[0]), Handles.shape(a[1])))});
        kernel("logical_not", "T", a -> new long[] {empty(BOOL, Handles.shape(a[0]))});
        kernel("abs", "T", a -> new long[] {like(a[0])});
        kernel("convolution_overrideable", "TTOlll.l.", MetaKernels::convolution);
        kernel("convolution_backward_overrideable", "TTTlll.l.l", MetaKernels::convolutionBackward);
        kernel("native_layer_norm", "TlOO.", MetaKernels::layerNorm);
        kernel("native_group_norm", "TOO.....", a -> new long[] {like(a[0]), empty(F32, a[3], a[6]), empty(F32, a[3], a[6])});
        kernel("log_sigmoid_forward", "T", a -> new long[] {like(a[0]), empty(Handles.dtype(a[0]), 0)}); // CUDA's keeps no buffer
        kernel("log_sigmoid_backward", "TTT", a -> new long[] {like(a[1])});
        kernel("_scaled_dot_product_flash_attention_for_cpu", "TTT..Oo",
                a -> new long[] {like(a[0]), empty(F32, cut(Handles.shape(a[0])))});
        kernel("_scaled_dot_product_flash_attention_for_cpu_backward", "TTTTTT..Oo", a -> new long[] {like(a[1]), like(a[2]), like(a[3])});
        kernel("_fused_adamw_", "LLLLLL........OO", _ -> new long[0]);
    }

    private MetaKernels() {}

    private static void kernel(String op, String args, Results results) { KERNELS.put(op, new Kernel(args, results)); }

    private static MethodHandle handle(String name, MemoryLayout result, MemoryLayout... arguments) {
        return Linker.nativeLinker().downcallHandle(LoadedLibrary.current().symbols().findOrThrow(name),
                FunctionDescriptor.of(result, arguments));
    }

    private static long like(long tensor) { return empty(Handles.dtype(tensor), Handles.shape(tensor)); }

    /// Without the last one.
    private static long[] cut(long[] shape) { return Arrays.copyOf(shape, shape.length - 1); }

    private static long[] replaced(long[] shape, long dim, long size) {
        shape[(int) (dim < 0 ? dim + shape.length : dim)] = size;
        return shape;
    }

    private static long[] broadcast(long[] a, long[] b) {
        var shape = new long[Math.max(a.length, b.length)];
        for (int i = 1; i <= shape.length; i++) {
            long left = i <= a.length ? a[a.length - i] : 1;
            long right = i <= b.length ? b[b.length - i] : 1;
            shape[shape.length - i] = left == 1 ? right : left;
        }
        return shape;
    }

    private static long[] layerNorm(long[] a) {
        var shape = Handles.shape(a[0]);
        for (int i = shape.length - (int) size(a[1]); i < shape.length; i++) shape[i] = 1;
        return new long[] {like(a[0]), empty(F32, shape), empty(F32, shape)};
    }

    private static long[] convolution(long[] a) {
        var input = Handles.shape(a[0]);
        var weight = Handles.shape(a[1]);
        var shape = new long[input.length];
        shape[0] = input[0];
        shape[1] = weight[0];
        for (int i = 2; i < shape.length; i++) {
            long reach = item(a[5], i - 2) * (weight[i] - 1);
            shape[i] = (input[i] + 2 * item(a[4], i - 2) - reach - 1) / item(a[3], i - 2) + 1;
        }
        return made(a[0], shape);
    }

    private static long[] convolutionBackward(long[] a) {
        return new long[] {item(a[9], 0) != 0 ? like(a[1]) : undefined(), item(a[9], 1) != 0 ? like(a[2]) : undefined(),
            item(a[9], 2) != 0 ? empty(Handles.dtype(a[0]), Handles.size(a[0], 1)) : undefined()};
    }

    private static long size(long list) { return answer(out -> (int) TorchAbi.LIST_SIZE.invokeExact(list, out)); }

    /// One of a list's values.
    private static long item(long list, long index) { return answer(out -> (int) TorchAbi.LIST_ITEM.invokeExact(list, index, out)); }

    private static long undefined() { return answer(out -> (int) TorchAbi.NEW_UNDEFINED.invokeExact(out)); }

    /// A function of the C ABI that writes its result where it is told to.
    private interface Asked {
        int to(long out) throws Throwable;
    }

    private static long answer(Asked asked) {
        try (var arena = Arena.ofConfined()) {
            var out = arena.allocate(JAVA_LONG);
            Handles.check(asked.to(out.address()));
            return out.get(JAVA_LONG, 0);
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    private static long[] made(long like, long... shape) { return new long[] {empty(Handles.dtype(like), shape)}; }

    private static long[] join(long[] shape, long... more) {
        var all = Arrays.copyOf(shape, shape.length + more.length);
        System.arraycopy(more, 0, all, shape.length, more.length);
        return all;
    }

    /// A new tensor's handle.
    private static long empty(int dtype, long... shape) {
        var strides = new long[shape.length];
        long stride = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= shape[i];
        }
        try (var arena = Arena.ofConfined()) {
            long sizes = arena.allocateFrom(JAVA_LONG, shape).address(), steps = arena.allocateFrom(JAVA_LONG, strides).address();
            return answer(out -> (int) TorchAbi.EMPTY_STRIDED.invokeExact((long) shape.length, sizes, steps, dtype, META, -1, out));
        }
    }

    /// For the whole process.
    public static synchronized void register() {
        if (KERNELS.isEmpty()) return;
        register("Meta", KERNELS);
        // As on CUDA attention is one operator that keeps no weights; libtorch has two matmuls and a softmax here.
        register("AutogradMeta", Map.of("scaled_dot_product_attention", new Kernel("........", MetaKernels::attention)));
        KERNELS.clear();
    }

    private static void register(String key, Map<String, Kernel> kernels) {
        var arena = Arena.global();
        try {
            var library = arena.allocate(JAVA_LONG);
            Handles.check(
                    (int) INIT.invokeExact(arena.allocateFrom("aten"), arena.allocateFrom(key), arena.allocateFrom("MetaKernels.java"), 1,
                            library));
            for (var each : kernels.entrySet()) {
                var target = MethodHandles.lookup().findStatic(MetaKernels.class, "call",
                        MethodType.methodType(void.class, Kernel.class, String.class, MemorySegment.class, long.class, long.class));
                var stub = Linker.nativeLinker().upcallStub(MethodHandles.insertArguments(target, 0, each.getValue(), each.getKey()),
                        FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG), arena);
                Handles.check((int) IMPL.invokeExact(library.get(JAVA_LONG, 0), arena.allocateFrom(each.getKey()), stub, Frame.ENCODING));
            }
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    /// (query, key, value, mask, dropout, causal, scale, gqa)
    private static long[] attention(long[] a) {
        try (var arena = Arena.ofConfined()) {
            var stack = arena.allocateFrom(JAVA_LONG, a[0], a[1], a[2], a[4], a[5], a[3], a[6]);
            Handles.check((int) TorchAbi.CALL.invokeExact(arena.allocateFrom("aten::_scaled_dot_product_flash_attention_for_cpu").address(),
                    arena.allocateFrom("").address(), stack.address(), Frame.ENCODING));
            Handles.delete(stack.getAtIndex(JAVA_LONG, 1));
            return new long[] {stack.get(JAVA_LONG, 0)};
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    private static void free(char kind, long value) throws Throwable {
        switch (kind) {
            case 'T' -> Handles.delete(value);
            case 'l' -> Handles.check((int) TorchAbi.DELETE_LIST.invokeExact(value));
            case 'L' -> {
                long size = size(value);
                for (long i = 0; i < size; i++) Handles.delete(item(value, i));
                Handles.check((int) TorchAbi.DELETE_LIST.invokeExact(value));
            }
            case 'O', 'o' -> {
                if (value != 0) {
                    if (kind == 'O') Handles.delete(NativeMemory.getLong(value));
                    TorchAbi.FREE.invokeExact(value);
                }
            }
            default -> {}
        }
    }

    private static void call(Kernel kernel, String name, MemorySegment stack, long args, long outs) {
        try {
            var values = stack.reinterpret(8 * Math.max(args, outs));
            var given = IntStream.range(0, (int) args).mapToLong(i -> values.getAtIndex(JAVA_LONG, i)).toArray();
            var made = kernel.results().of(given);
            for (int i = 0; i < given.length; i++) free(kernel.args().charAt(i), given[i]);
            for (int i = 0; i < made.length; i++) values.setAtIndex(JAVA_LONG, i, made[i]);
        } catch (Throwable e) { // would end the process without a word
            new AssertionError("meta kernel of " + name, e).printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }
}
