package dev.fusedit.torch.cuda;

import dev.fusedit.torch.DeviceMemory;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.host.Host;
import dev.fusedit.torch.host.ResidentSet;
import dev.fusedit.torch.internal.abi.FreedMemory;

/// The CPU's: tensors that this thread's scopes and holding scopes own, and the process's resident set, as far as the system tells.
///
/// The C library has no counts of its own, so the most of tensors is the most of the resident set, which the process cannot set back.
final class CpuMemory implements DeviceMemory {
    @Override
    public Statistics statistics() {
        var memory = Host.here().memory();
        return new Statistics(TensorScope.liveBytes(), ResidentSet.peakBytes(), ResidentSet.bytes(), ResidentSet.peakBytes(), 0,
                memory.available(), memory.allowed());
    }

    @Override
    public void emptyCache() { FreedMemory.trim(); }

    @Override
    public void resetPeak() {}

    @Override
    public void limit(double share) {
        throw new UnsupportedOperationException("the CPU's allocator has no bound: a control group has (memory.max)");
    }
}
