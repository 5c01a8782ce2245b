package dev.fusedit.torch.javacpp;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.DeviceMemory;
import dev.fusedit.torch.LibtorchUnavailable;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Stat;
import org.bytedeco.pytorch.cuda.CUDAAllocator;
import org.bytedeco.pytorch.global.torch_cuda;

/// A CUDA device's memory by the presets' classes of libtorch's caching allocator.
public final class JavaCppCudaMemory implements DeviceMemory {
    private final byte device;

    /// @param index as libtorch counts
    /// @throws LibtorchUnavailable if the process holds another libtorch than the presets', or theirs for the CPU
    public JavaCppCudaMemory(int index) {
        TorchJni.load();
        try {
            Loader.load(torch_cuda.class);
        } catch (LinkageError e) {
            throw new LibtorchUnavailable(
                    "CUDA's allocator is in the presets' build for CUDA (FUSEDIT_MAVEN_ARGS=-Pcuda): " + e.getMessage(), e);
        }
        device = (byte) index;
    }

    @Override
    public Statistics statistics() {
        try (var _ = new PointerScope()) {
            var allocator = begun();
            var counts = allocator.getDeviceStats(device);
            var memory = allocator.getMemoryInfo(device);
            return new Statistics(all(counts.allocated_bytes()).current(), all(counts.allocated_bytes()).peak(),
                    all(counts.reserved_bytes()).current(), all(counts.reserved_bytes()).peak(), counts.num_ooms(), memory.first(),
                    memory.second());
        }
    }

    /// Of all memory; those of small and of large blocks come behind it.
    private static Stat all(Stat each) { return each.getPointer(0); }

    @Override
    public void emptyCache() {
        try (var _ = new PointerScope()) {
            if (torch_cuda.getAllocator().initialized()) torch_cuda.getAllocator().emptyCache();
        }
    }

    @Override
    public void resetPeak() {
        try (var _ = new PointerScope()) {
            begun().resetPeakStats(device);
        }
    }

    @Override
    public void limit(double share) {
        checkArgument(share > 0 && share <= 1, "a share of the device's memory is above 0 and at most 1, got %s", share);
        try (var _ = new PointerScope()) {
            begun().setMemoryFraction(share, device);
        }
    }

    /// The allocator begins with the first tensor.
    private CUDAAllocator begun() {
        var allocator = torch_cuda.getAllocator();
        if (!allocator.initialized()) {
            try (var _ = TensorScope.open()) {
                Tensor.empty(DType.U8, Device.cuda(device), 1);
            }
        }
        return allocator;
    }
}
