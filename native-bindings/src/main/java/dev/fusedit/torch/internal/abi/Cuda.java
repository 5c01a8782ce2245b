package dev.fusedit.torch.internal.abi;

import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.internal.load.LoadedLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Calls of CUDA. A stream is a `cudaStream_t`, an event a `cudaEvent_t`, a device the number that libtorch knows it by.
///
/// What CUDA or libtorch refuses is a [TorchException] named after the function. A failure of a kernel shows at a later call.
public final class Cuda {
    /// Attributes of a device: `cudaDeviceAttr`.
    public static final int MULTIPROCESSORS = 16, L2_BYTES = 38, MAJOR = 75, MINOR = 76;

    private static final int NOT_READY = 600;
    private static final int WITHOUT_TIME = 2;
    private static final int LONGEST_NAME = 256;

    private Cuda() {}

    @FunctionalInterface
    private interface Call {
        int run() throws Throwable;
    }

    @FunctionalInterface
    private interface LongCall {
        int run(long out) throws Throwable;
    }

    // ---- streams

    public static long currentStream(int device) {
        return result("aoti_torch_get_current_cuda_stream", Cuda::checkTorch, out -> (int) CudaAbi.CURRENT_STREAM.invokeExact(device, out));
    }

    /// Of libtorch's pool of 32 for each device, handed out in turn.
    public static long poolStream(int device) {
        return result("torch_get_cuda_stream_from_pool", Cuda::checkTorch,
                out -> (int) CudaAbi.POOL_STREAM.invokeExact(false, device, out));
    }

    /// The stream of this thread's ops.
    public static void setStream(long stream, int device) {
        torch("torch_set_current_cuda_stream", () -> (int) CudaAbi.SET_STREAM.invokeExact(stream, device));
    }

    public static void synchronizeStream(long stream, int device) {
        torch("torch_cuda_stream_synchronize", () -> (int) CudaAbi.SYNCHRONIZE_STREAM.invokeExact(stream, device));
    }

    public static void wait(long stream, long event) {
        cuda("cudaStreamWaitEvent", () -> (int) CudaAbi.WAIT.invokeExact(stream, event, 0));
    }

    // ---- events

    public static long newEvent(int device, boolean timed) {
        return on(device, () -> result("cudaEventCreateWithFlags", Cuda::check,
                out -> (int) CudaAbi.NEW_EVENT.invokeExact(out, timed ? 0 : WITHOUT_TIME)));
    }

    public static void record(long event, long stream) {
        cuda("cudaEventRecord", () -> (int) CudaAbi.RECORD.invokeExact(event, stream));
    }

    public static boolean isDone(long event) {
        int code = code(() -> (int) CudaAbi.QUERY_EVENT.invokeExact(event));
        if (code != NOT_READY) check("cudaEventQuery", code);
        return code == 0;
    }

    public static void synchronizeEvent(long event) {
        cuda("cudaEventSynchronize", () -> (int) CudaAbi.SYNCHRONIZE_EVENT.invokeExact(event));
    }

    public static float millis(long from, long to) {
        return Float
                .intBitsToFloat((int) result("cudaEventElapsedTime", Cuda::check, out -> (int) CudaAbi.ELAPSED.invokeExact(out, from, to)));
    }

    public static void deleteEvent(long event) {
        cuda("cudaEventDestroy", () -> (int) CudaAbi.DELETE_EVENT.invokeExact(event));
    }

    // ---- devices

    /// Waits for all work of a device.
    public static void synchronize(int device) {
        on(device, () -> {
            cuda("cudaDeviceSynchronize", () -> (int) CudaAbi.SYNCHRONIZE.invokeExact());
            return 0L;
        });
    }

    /// Whether a call or a kernel has failed in a way that ends all work of this process on the device.
    public static boolean hasFailed() { return code(() -> (int) CudaAbi.PEEK_ERROR.invokeExact()) != 0; }

    public static int attribute(int attribute, int device) {
        return (int) result("cudaDeviceGetAttribute", Cuda::check, out -> (int) CudaAbi.ATTRIBUTE.invokeExact(out, attribute, device));
    }

    /// Free bytes of a device's memory, then all. Begins work on the device, which takes some hundred megabytes of it.
    public static long[] memory(int device) {
        try (var arena = Arena.ofConfined()) {
            var both = arena.allocate(ValueLayout.JAVA_LONG, 2);
            long free = both.address();
            on(device, () -> {
                cuda("cudaMemGetInfo", () -> (int) CudaAbi.MEMORY.invokeExact(free, free + Long.BYTES));
                return 0L;
            });
            return both.toArray(ValueLayout.JAVA_LONG);
        }
    }

    /// 12080 for CUDA 12.8.
    public static int runtimeVersion() {
        return (int) result("cudaRuntimeGetVersion", Cuda::check, out -> (int) CudaAbi.RUNTIME_VERSION.invokeExact(out));
    }

    /// The newest CUDA that the driver serves; 0 without a driver.
    public static int driverVersion() {
        return (int) result("cudaDriverGetVersion", Cuda::check, out -> (int) CudaAbi.DRIVER_VERSION.invokeExact(out));
    }

    /// As its maker calls it: asked of the driver, which does not change its functions' layouts.
    public static String name(int device) {
        var driver = LoadedLibrary.driver().orElseThrow(() -> new IllegalStateException("there is no NVIDIA driver"));
        try (var arena = Arena.ofConfined()) {
            var name = arena.allocate(LONGEST_NAME);
            var function = Linker.nativeLinker().downcallHandle(driver.findOrThrow("cuDeviceGetName"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
            check("cuDeviceGetName", code(() -> (int) function.invokeExact(name, LONGEST_NAME, device)));
            return name.getString(0);
        }
    }

    // ---- draws

    /// Starts a device's default generator anew, as `torch.cuda.manual_seed` does.
    ///
    /// @param device is there
    /// @param offset numbers that were drawn before, a multiple of 4
    public static void seed(int device, long seed, long offset) {
        code(() -> {
            long generator = NativeMemory.getLong((long) CudaAbi.GENERATOR.invokeExact((byte) device));
            CudaAbi.SET_SEED.invokeExact(generator, seed);
            CudaAbi.SET_OFFSET.invokeExact(generator, offset);
            return 0;
        });
    }

    /// Seed and offset of a device's default generator.
    public static long[] seedAndOffset(int device) {
        var both = new long[2];
        code(() -> {
            long generator = NativeMemory.getLong((long) CudaAbi.GENERATOR.invokeExact((byte) device));
            both[0] = (long) CudaAbi.SEED.invokeExact(generator);
            both[1] = (long) CudaAbi.OFFSET.invokeExact(generator);
            return 0;
        });
        return both;
    }

    // ---- marks for profilers

    /// @return whether there is somebody to tell
    public static boolean pushRange(String name) {
        var push = CudaAbi.PUSH_RANGE;
        if (push == null || CudaAbi.POP_RANGE == null) return false;
        try (var arena = Arena.ofConfined()) {
            var text = arena.allocateFrom(name);
            code(() -> (int) push.invokeExact(text));
            return true;
        }
    }

    public static void popRange() {
        var pop = CudaAbi.POP_RANGE;
        if (pop != null) code(() -> (int) pop.invokeExact());
    }

    /// What is looked up of CUDA when a device is first used.
    ///
    /// @throws ExceptionInInitializerError naming what is not there
    public static List<String> names() { return CudaAbi.names(); }

    // ---- how calls are made

    @FunctionalInterface
    private interface Check {
        void of(String name, int code);
    }

    @FunctionalInterface
    private interface Asked {
        long get();
    }

    /// With the device as this thread's meanwhile.
    private static long on(int device, Asked body) {
        long guard = result("aoti_torch_create_cuda_guard", Cuda::checkTorch, out -> (int) CudaAbi.NEW_GUARD.invokeExact(device, out));
        try {
            return body.get();
        } finally {
            torch("aoti_torch_delete_cuda_guard", () -> (int) CudaAbi.DELETE_GUARD.invokeExact(guard));
        }
    }

    /// What a function writes to its place for a result of at most 8 bytes.
    private static long result(String name, Check check, LongCall call) {
        try (var arena = Arena.ofConfined()) {
            var out = arena.allocate(ValueLayout.JAVA_LONG);
            long place = out.address();
            check.of(name, code(() -> call.run(place)));
            return out.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    private static void cuda(String name, Call call) { check(name, code(call)); }

    private static void torch(String name, Call call) { checkTorch(name, code(call)); }

    private static int code(Call call) {
        try {
            return call.run();
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    private static void checkTorch(String name, int code) {
        if (code != 0) throw new TorchException(name, LastError.text(), List.of());
    }

    private static void check(String name, int code) {
        if (code != 0) throw new TorchException(name, errorText(code), List.of());
    }

    private static String errorText(int code) {
        try {
            return NativeMemory.string((long) CudaAbi.ERROR_TEXT.invokeExact(code));
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }
}
