package dev.fusedit.torch;

import java.util.Locale;

/// A device's memory, as libtorch's allocator for it has it. Any thread may ask.
///
/// On a CUDA device the allocator keeps what tensors give back for the next ones: what is reserved is what the device lacks, what is allocated is
/// what tensors hold.
public interface DeviceMemory {
    /// Bytes now and at most since the last [#resetPeak], and how often an op had to go without.
    ///
    /// @param allocated in tensors
    /// @param reserved of the device, for these and for later ones
    /// @param free of the device, for any process
    /// @param total of the device
    record Statistics(long allocated, long peakAllocated, long reserved, long peakReserved, long refusals, long free, long total) {
        /// `80,994 MiB in all, of which tensors held 79,001 at most and 1,204 are free`
        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%,d MiB in all, of which tensors held %,d at most and %,d are free", total >> 20,
                    peakAllocated >> 20, free >> 20);
        }
    }

    Statistics statistics();

    /// Gives what is kept for later tensors back to the device.
    void emptyCache();

    void resetPeak();

    /// What this process may reserve from now on. An op that needs more is refused as if there were none.
    ///
    /// @param share of the device's memory, above 0 and at most 1
    /// @throws UnsupportedOperationException on the CPU, whose allocator has no such bound
    void limit(double share);
}
