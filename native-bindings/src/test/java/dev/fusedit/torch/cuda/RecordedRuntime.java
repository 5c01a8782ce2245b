package dev.fusedit.torch.cuda;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import java.util.ArrayList;
import java.util.List;

/// The CPU's, with a list of what was called in which order; streams are told by their numbers, events too.
public final class RecordedRuntime implements DeviceRuntime {
    private final DeviceRuntime cpu = new CpuRuntime(Device.CPU);
    private final List<String> calls = new ArrayList<>();

    public Accelerator accelerator() { return Accelerator.onCpu(this); }

    public List<String> calls() { return List.copyOf(calls); }

    private void add(String call, Object... values) { calls.add(call.formatted(values)); }

    @Override
    public long currentStream() { return cpu.currentStream(); }

    @Override
    public void useStream(long stream) {
        add("use %d", stream);
        cpu.useStream(stream);
    }

    @Override
    public long poolStream() { return cpu.poolStream(); }

    @Override
    public void synchronizeStream(long stream) {
        add("synchronize %d", stream);
        cpu.synchronizeStream(stream);
    }

    @Override
    public long newEvent(boolean timed) { return cpu.newEvent(timed); }

    @Override
    public void record(long event, long stream) {
        add("record %d in %d", event, stream);
        cpu.record(event, stream);
    }

    @Override
    public void wait(long stream, long event) {
        add("%d waits for %d", stream, event);
        cpu.wait(stream, event);
    }

    @Override
    public boolean isDone(long event) { return cpu.isDone(event); }

    @Override
    public void synchronizeEvent(long event) {
        add("synchronize event %d", event);
        cpu.synchronizeEvent(event);
    }

    @Override
    public double millis(long from, long to) { return cpu.millis(from, to); }

    @Override
    public void deleteEvent(long event) {
        add("delete %d", event);
        cpu.deleteEvent(event);
    }

    @Override
    public Tensor pinned(DType dtype, long... shape) {
        add("pinned %s", dtype);
        return cpu.pinned(dtype, shape);
    }

    @Override
    public void synchronize() { add("synchronize all"); }
}
