package dev.fusedit.torch.cuda;

import dev.fusedit.torch.Device;
import dev.fusedit.torch.internal.abi.Cuda;

/// Named ranges of this thread, as NVIDIA's profilers (Nsight) show them above the kernels. Without a CUDA device, or without NVTX's library
/// beside libtorch, nothing happens.
public final class Nvtx {
    private static final Range NOTHING = () -> {};

    private Nvtx() {}

    @FunctionalInterface
    public interface Range extends AutoCloseable {
        @Override
        void close();
    }

    /// From here until the result is closed, on the same thread.
    ///
    /// @param device that the work is for
    public static Range range(Device device, String name) {
        return switch (device.kind()) {
            case CPU, META -> NOTHING;
            case CUDA -> Cuda.pushRange(name) ? Cuda::popRange : NOTHING;
        };
    }
}
