package dev.fusedit.trainer.bench;

import dev.fusedit.torch.Device;
import dev.fusedit.torch.cuda.Accelerator;

/// Takes the time of work on a device, until all is done that the device was given for it.
record Stopwatch(Accelerator accelerator) {
    static Stopwatch on(Device device) { return new Stopwatch(Accelerator.of(device)); }

    /// Seconds of it alone: what was asked for before is waited for first.
    double seconds(Runnable work) {
        accelerator.synchronize();
        long start = System.nanoTime();
        work.run();
        accelerator.synchronize();
        return (System.nanoTime() - start) / 1e9;
    }
}
