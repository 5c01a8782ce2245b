package dev.fusedit.torch.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.Device;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.DeviceMemory;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.internal.abi.Cuda;
import dev.fusedit.torch.internal.abi.CudaAllocator;

/// A CUDA device's, on any libtorch.
record CudaMemory(int device) implements DeviceMemory {
    @Override
    public Statistics statistics() {
        begin();
        var counts = CudaAllocator.statistics(device);
        var memory = Cuda.memory(device);
        return new Statistics(counts.allocated(), counts.peakAllocated(), counts.reserved(), counts.peakReserved(), counts.refusals(),
                memory[0], memory[1]);
    }

    /// Nothing where CUDA has failed: C++ would end the process.
    @Override
    public void emptyCache() {
        if (CudaAllocator.isUsed() && !Cuda.hasFailed()) CudaAllocator.emptyCache();
    }

    @Override
    public void resetPeak() {
        begin();
        CudaAllocator.resetPeak(device);
    }

    @Override
    public void limit(double share) {
        checkArgument(share > 0 && share <= 1, "a share of the device's memory is above 0 and at most 1, got %s", share);
        begin();
        CudaAllocator.setFraction(share, device);
    }

    /// The allocator begins with the first tensor.
    private void begin() {
        if (CudaAllocator.isUsed()) return;
        try (var _ = TensorScope.open()) {
            Tensor.empty(DType.U8, Device.cuda(device), 1);
        }
    }
}
