package dev.fusedit.torch.internal.abi;

/// Whether it was memory of a CUDA device that an op lacked, where libtorch does not say (before 2.13): by the allocator's own count.
public final class CudaRefusals {
    private static volatile int devices;
    private static long seen;

    private CudaRefusals() {}

    /// From here on devices are used.
    ///
    /// @param count that there are
    public static void watch(int count) { devices = count; }

    /// Whether there was a refusal since this was asked last.
    static synchronized boolean isNew() {
        if (devices == 0 || !CudaAllocator.isUsed()) return false;
        long all = 0;
        for (int i = 0; i < devices; i++) all += CudaAllocator.statistics(i).refusals();
        boolean more = all > seen;
        seen = all;
        return more;
    }
}
