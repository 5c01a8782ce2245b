package dev.fusedit.torch.internal.abi;

import static dev.fusedit.torch.internal.abi.NativeMemory.getLong;

import java.lang.invoke.MethodHandle;
import java.util.stream.Stream;

/// What can be asked of, and done to, one tensor handle (`at::Tensor*`).
public final class Handles {
    private static final ThreadLocal<Long> SCRATCH = ThreadLocal.withInitial(() -> Handles.malloc(16));

    private static final Object[] GRADIENTS = Stream.generate(Object::new).limit(64).toArray();

    private Handles() {}

    /// Drops one reference. May free a large block or a whole graph.
    public static void delete(long handle) {
        try {
            int _ = (int) TorchAbi.DELETE.invokeExact(handle);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// A second handle on the same tensor.
    public static long copy(long handle) {
        var out = SCRATCH.get();
        try {
            check((int) TorchAbi.NEW_HANDLE.invokeExact(handle, (long) out));
        } catch (Throwable e) {
            throw unexpected(e);
        }
        return getLong(out);
    }

    public static long data(long handle) { return query(TorchAbi.DATA, handle); }

    /// The same for who goes there.
    ///
    /// @throws IllegalStateException if the elements do not lie there
    public static long memory(long handle) {
        if (numel(handle) == 0) return 0;
        long out = SCRATCH.get();
        NativeMemory.setLong(out, 0);
        try {
            if (hasStorage(handle) && (int) TorchAbi.DATA.invokeExact(handle, out) == 0 && getLong(out) != 0) return getLong(out);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        throw new IllegalStateException(
                "the tensor's elements do not lie in memory as they are (sparse, oneDNN's layout, or zeros that are not "
                        + "written yet): Torch.call(\"to_dense\", \"\", x) or a copy() has such ones");
    }

    public static int rank(long handle) { return (int) query(TorchAbi.DIM, handle); }

    public static long numel(long handle) { return query(TorchAbi.NUMEL, handle); }

    public static int dtype(long handle) { return (int) query(TorchAbi.DTYPE, handle); }

    public static int deviceType(long handle) { return (int) query(TorchAbi.DEVICE_TYPE, handle); }

    public static int deviceIndex(long handle) { return (int) query(TorchAbi.DEVICE_INDEX, handle); }

    public static boolean contiguous(long handle) { return (query(TorchAbi.CONTIGUOUS, handle) & 1) != 0; }

    public static long storageBytes(long handle) { return query(TorchAbi.STORAGE_BYTES, handle); }

    public static long[] shape(long handle) { return longs(TorchAbi.SIZES, handle); }

    public static long[] strides(long handle) { return longs(TorchAbi.STRIDES, handle); }

    public static long size(long handle, int dim) { return getLong(query(TorchAbi.SIZES, handle) + 8L * dim); }

    /// False for the tensor that stands for no tensor at all.
    public static boolean defined(long handle) { return (query(TorchAbi.DEFINED, handle) & 1) != 0; }

    /// False for sparse tensors and others whose elements do not lie in one block of memory.
    public static boolean hasStorage(long handle) {
        try {
            return (int) TorchAbi.STORAGE_BYTES.invokeExact(handle, (long) SCRATCH.get()) == 0;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// What tells two storages apart: the address where a tensor's storage begins.
    public static long storage(long handle) {
        return data(handle) - query(TorchAbi.STORAGE_OFFSET, handle) * ScalarTypes.bytes(dtype(handle));
    }

    public static boolean requiresGrad(long handle) {
        try {
            return (boolean) TorchAbi.REQUIRES_GRAD.invokeExact(getLong(handle));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// A tensor's gradient is borrowed from it while its handle is copied: no other thread may set another one meanwhile.
    private static Object gradientOf(long handle) {
        long impl = getLong(handle);
        return GRADIENTS[(int) ((impl >>> 6 ^ impl >>> 12) & GRADIENTS.length - 1)];
    }

    /// The gradient as a new handle, 0 if there is none.
    public static long grad(long handle) {
        try {
            synchronized (gradientOf(handle)) {
                var borrowed = (long) TorchAbi.GRAD.invokeExact(getLong(handle));
                return (query(TorchAbi.DEFINED, borrowed) & 1) == 0 ? 0 : copy(borrowed);
            }
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// Makes `gradient` (0: none) the gradient of a tensor. The gradient's handle stays the caller's.
    public static void setGrad(long handle, long gradient) {
        try {
            synchronized (gradientOf(handle)) {
                var place = (long) TorchAbi.MUTABLE_GRAD.invokeExact(getLong(handle));
                var source = gradient == 0 ? undefined() : gradient;
                check((int) TorchAbi.ASSIGN.invokeExact(source, place));
                if (gradient == 0) {
                    delete(source);
                }
            }
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static long undefined() throws Throwable {
        var out = SCRATCH.get();
        check((int) TorchAbi.NEW_UNDEFINED.invokeExact((long) out));
        return getLong(out);
    }

    private static long query(MethodHandle getter, long handle) {
        long out = SCRATCH.get();
        NativeMemory.setLong(out, 0);
        try {
            check((int) getter.invokeExact(handle, out));
        } catch (Throwable e) {
            throw unexpected(e);
        }
        return getLong(out);
    }

    private static long[] longs(MethodHandle getter, long handle) {
        var result = new long[rank(handle)];
        long address = result.length == 0 ? 0 : query(getter, handle);
        for (int i = 0; i < result.length; i++) {
            result[i] = getLong(address + 8L * i);
        }
        return result;
    }

    static long malloc(long bytes) {
        try {
            return (long) TorchAbi.MALLOC.invokeExact(bytes);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static void check(int code) {
        if (code != 0) {
            throw new IllegalStateException("libtorch refused a query of a tensor handle: " + LastError.text());
        }
    }

    /// What a method handle throws is ours (unchecked), or a bug.
    static RuntimeException unexpected(Throwable e) {
        if (e instanceof RuntimeException ours) {
            return ours;
        }
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException(e);
    }
}
