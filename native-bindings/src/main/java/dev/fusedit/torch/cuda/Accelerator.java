package dev.fusedit.torch.cuda;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.DeviceMemory;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.internal.abi.HostMemory;
import dev.fusedit.torch.javacpp.JavaCppCudaMemory;

/// A device with what it offers beside tensors: queues and marks in them, memory that it copies from by itself, its allocator.
///
///     var side = gpu.beside();
///     var here = gpu.pinned(bytes, 4, 512, 512, 3);
///     var there = Tensor.empty(DType.U8, gpu.device(), 4, 512, 512, 3);
///     side.await(gpu.event().record(gpu.current()));      // the memory may still be read by what was there before
///     side.copy(here, there);                             // while this thread, and the current queue, go on
///     var copied = gpu.event().record(side);
///     …
///     gpu.current().await(copied);                        // ops from here on see the copy
///
/// On the CPU all of this does the same at once. Any thread may use it.
public final class Accelerator {
    private final Device device;
    private final DeviceRuntime runtime;
    private final DeviceMemory memory;

    private Accelerator(Device device, DeviceRuntime runtime, DeviceMemory memory) {
        this.device = device;
        this.runtime = runtime;
        this.memory = memory;
    }

    /// @throws dev.fusedit.torch.LibtorchUnavailable as [Device#available]
    public static Accelerator of(Device device) {
        return switch (device.kind()) {
            case CPU, META -> new Accelerator(device, new CpuRuntime(device), new CpuMemory()); // what has no memory has no queue either
            case CUDA -> new Accelerator(device.available(), new CudaRuntime(device.index()), memory(device.index()));
        };
    }

    /// The CPU by a runtime that somebody looks at.
    static Accelerator onCpu(DeviceRuntime runtime) { return new Accelerator(Device.CPU, runtime, new CpuMemory()); }

    /// Where the presets' classes are, their compiler knows the allocator's layout.
    private static DeviceMemory memory(int index) {
        return Libtorch.info().source().equals("presets") ? new JavaCppCudaMemory(index) : new CudaMemory(index);
    }

    public Device device() { return device; }

    /// The queue of this thread's ops.
    public DeviceStream current() { return new DeviceStream(runtime, runtime.currentStream()); }

    /// A queue beside it.
    public DeviceStream beside() { return new DeviceStream(runtime, runtime.poolStream()); }

    /// A mark without time, the cheaper one.
    public DeviceEvent event() { return new DeviceEvent(runtime, false); }

    /// A mark that tells when it was reached.
    public DeviceEvent timer() { return new DeviceEvent(runtime, true); }

    /// Bytes (u8) in page-locked memory. The innermost scope's.
    public Tensor pinned(byte[] data, long... shape) { return pinned(DType.U8, data, data.length, shape); }

    /// Numbers (f32) in page-locked memory.
    public Tensor pinned(float[] data, long... shape) { return pinned(DType.F32, data, data.length, shape); }

    /// Page-locked memory of unset elements. The innermost scope's.
    public Tensor pinned(DType dtype, long... shape) { return runtime.pinned(dtype, shape); }

    private Tensor pinned(DType dtype, Object data, int length, long... shape) {
        var tensor = pinned(dtype, shape);
        if (tensor.numel() != length) throw new IllegalArgumentException("%d elements for %s".formatted(length, tensor));
        if (length > 0) HostMemory.write(data, tensor.dataAddress());
        return tensor;
    }

    public DeviceMemory memory() { return memory; }

    /// Returns when all is done that the device was given.
    public void synchronize() { runtime.synchronize(); }
}
