package dev.fusedit.torch.cuda;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Torch;

/// A queue of work of one device: what is given to it is done in that order, beside what other queues hold. A CUDA stream.
///
/// It is libtorch's own and lives as long as the process: nothing is to be closed. Any thread may use it.
public final class DeviceStream {
    private final DeviceRuntime runtime;
    private final long address;

    DeviceStream(DeviceRuntime runtime, long address) {
        this.runtime = runtime;
        this.address = address;
    }

    long address() { return address; }

    /// Ops of this thread go to it until the result is closed.
    public Use use() {
        long before = runtime.currentStream();
        runtime.useStream(address);
        return () -> runtime.useStream(before);
    }

    @FunctionalInterface
    public interface Use extends AutoCloseable {
        @Override
        void close();
    }

    /// What it is given from here on begins when the event has happened. This thread goes on at once.
    public void await(DeviceEvent event) { runtime.wait(address, event.address()); }

    /// Copies `source` into `target` when its turn has come. From page-locked memory this thread goes on at once; `source` must keep its values
    /// until an event behind this has happened, `target` is not to be read before.
    public void copy(Tensor source, Tensor target) {
        try (var _ = use(); var _ = TensorScope.open()) {
            Torch.call("copy_", "", target, source, true);
        }
    }

    /// Returns when all is done that it was given.
    public void synchronize() { runtime.synchronizeStream(address); }
}
