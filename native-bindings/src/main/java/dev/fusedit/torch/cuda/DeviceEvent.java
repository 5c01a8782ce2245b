package dev.fusedit.torch.cuda;

/// A mark in a queue, which is reached when all before it is done: a CUDA event. Any thread may use it; who made it closes it.
public final class DeviceEvent implements AutoCloseable {
    private final DeviceRuntime runtime;
    private final long address;
    private boolean closed;

    DeviceEvent(DeviceRuntime runtime, boolean timed) {
        this.runtime = runtime;
        address = runtime.newEvent(timed);
    }

    long address() { return address; }

    /// Puts it behind what a queue was given so far. It may be put anew, also elsewhere.
    public DeviceEvent record(DeviceStream stream) {
        runtime.record(address, stream.address());
        return this;
    }

    /// Whether it has happened.
    public boolean isDone() { return runtime.isDone(address); }

    /// Returns when it has happened.
    public void synchronize() { runtime.synchronizeEvent(address); }

    /// Milliseconds of the device from another mark to this one, both reached, and both made for that ([Accelerator#timer]).
    public double millisSince(DeviceEvent earlier) { return runtime.millis(earlier.address, address); }

    /// Waits for nobody. A second call does nothing.
    @Override
    public synchronized void close() {
        if (closed) return;
        closed = true;
        runtime.deleteEvent(address);
    }
}
