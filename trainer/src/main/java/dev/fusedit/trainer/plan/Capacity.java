package dev.fusedit.trainer.plan;

import dev.fusedit.torch.cuda.CudaDevices;
import dev.fusedit.torch.host.Host;
import dev.fusedit.torch.host.Memory;
import dev.fusedit.trainer.recipe.Run;

/// Memory that a run may take here.
///
/// @param bytes free now
/// @param of what, for messages
public record Capacity(long bytes, String of) {
    public static Capacity of(Run.Device device) {
        return device == Run.Device.CPU ? of(Host.here().memory(), "") : ofCuda();
    }

    private static Capacity ofCuda() {
        var found = CudaDevices.list();
        return found.isEmpty() ? of(Host.here().memory(), " (there is no CUDA device here)")
                : new Capacity(found.getFirst().free(), "the memory of " + found.getFirst().name());
    }

    private static Capacity of(Memory memory, String note) { return new Capacity(memory.available(), memory.source() + note); }
}
