package dev.fusedit.torch.cuda;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.HostReads;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.jspecify.annotations.Nullable;

/// A few numbers that a device computes and Java reads some time later: they are copied to page-locked memory behind the ops that make them, and
/// who reads them waits for that copy alone, not for what the device was given since.
///
/// Owns the copy until it is read. For one thread.
public final class Readback implements AutoCloseable {
    private final TensorScope owned = TensorScope.holding();
    private final Tensor here_N;
    private final DeviceEvent copied;
    private double @Nullable [] read;

    private Readback(Tensor here_N, DeviceEvent copied) {
        this.here_N = owned.hold(here_N);
        this.copied = copied;
    }

    /// @param numbers_N floating, rank 1, on the accelerator's device; stays the caller's
    public static Readback of(Accelerator accelerator, Tensor numbers_N) {
        try (var _ = TensorScope.open()) {
            var there_N = numbers_N.detach().to(DType.F64);
            var here_N = accelerator.pinned(DType.F64, there_N.shape());
            var current = accelerator.current();
            current.copy(there_N, here_N);
            return new Readback(here_N, accelerator.event().record(current));
        }
    }

    /// The numbers; waits until the device has computed and copied them.
    public double[] read() {
        if (read == null) {
            copied.synchronize();
            read = HostReads.ofHost(here_N::toDoubles);
            close();
        }
        return read;
    }

    /// Numbers that nobody has read are lost; their memory is given back when the device has written it.
    @Override
    public void close() {
        copied.close();
        owned.close();
    }
}
