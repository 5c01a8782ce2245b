package dev.fusedit.torch.cuda;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Torch;
import dev.fusedit.torch.internal.abi.Cuda;

/// A CUDA device's: libtorch's streams, the CUDA runtime's events, libtorch's page-locked memory (which waits for copies that read it before
/// it is given to somebody else).
record CudaRuntime(int device) implements DeviceRuntime {
    @Override
    public long currentStream() { return Cuda.currentStream(device); }

    @Override
    public void useStream(long stream) { Cuda.setStream(stream, device); }

    @Override
    public long poolStream() { return Cuda.poolStream(device); }

    @Override
    public void synchronizeStream(long stream) { Cuda.synchronizeStream(stream, device); }

    @Override
    public long newEvent(boolean timed) { return Cuda.newEvent(device, timed); }

    @Override
    public void record(long event, long stream) { Cuda.record(event, stream); }

    @Override
    public void wait(long stream, long event) { Cuda.wait(stream, event); }

    @Override
    public boolean isDone(long event) { return Cuda.isDone(event); }

    @Override
    public void synchronizeEvent(long event) { Cuda.synchronizeEvent(event); }

    @Override
    public double millis(long from, long to) { return Cuda.millis(from, to); }

    @Override
    public void deleteEvent(long event) { Cuda.deleteEvent(event); }

    @Override
    public Tensor pinned(DType dtype, long... shape) {
        return TensorScope.scoped(() -> Torch.call("empty", "memory_format", shape, Torch.named("dtype", dtype),
                Torch.named("pin_memory", true)).tensor());
    }

    @Override
    public void synchronize() { Cuda.synchronize(device); }
}
