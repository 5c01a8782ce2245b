package dev.fusedit.torch;

import org.jspecify.annotations.Nullable;

/// A few numbers that a device computes and Java reads some time later, when waiting for them costs nothing: they are asked for behind the
/// ops that make them, and read when other work is queued.
///
/// Owns a copy of the numbers until they are read. For one thread.
public final class Readback implements AutoCloseable {
    private final TensorScope owned = TensorScope.holding();
    private final Tensor numbers_N;
    private double @Nullable [] read;

    private Readback(Tensor numbers_N) { this.numbers_N = owned.hold(numbers_N); }

    /// @param numbers_N floating, rank 1; stays the caller's
    public static Readback of(Tensor numbers_N) {
        return new Readback(TensorScope.scoped(() -> numbers_N.detach().to(DType.F64).copy()));
    }

    /// The numbers; waits until the device has computed them.
    public double[] read() {
        if (read == null) {
            read = HostReads.ofHost(numbers_N::toDoubles);
            owned.close();
        }
        return read;
    }

    @Override
    public void close() { owned.close(); }
}
