package dev.fusedit.torch.cuda;

import static com.google.common.base.Preconditions.checkState;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/// The CPU does what it is given at once, so marks are reached when they are put. What CUDA leaves undefined, or passes over, is an error here:
/// an event that nobody recorded and somebody waits for, or one that was deleted.
final class CpuRuntime implements DeviceRuntime {
    private static final double NANOS = 1e6;

    private final Device device;
    private final ThreadLocal<Long> current = ThreadLocal.withInitial(() -> 0L);
    private final AtomicLong numbers = new AtomicLong();
    /// When each event was recorded.
    private final Map<Long, Mark> events = new ConcurrentHashMap<>();

    private record Mark(boolean recorded, boolean timed, long nanos) {}

    /// @param device the CPU, or the one without memory, whose tensors no other can copy
    CpuRuntime(Device device) { this.device = device; }

    @Override
    public long currentStream() { return current.get(); }

    @Override
    public void useStream(long stream) { current.set(stream); }

    @Override
    public long poolStream() { return numbers.incrementAndGet(); }

    @Override
    public void synchronizeStream(long stream) {}

    @Override
    public long newEvent(boolean timed) {
        long event = numbers.incrementAndGet();
        events.put(event, new Mark(false, timed, 0));
        return event;
    }

    @Override
    public void record(long event, long stream) { events.put(event, new Mark(true, mark(event).timed(), System.nanoTime())); }

    @Override
    public void wait(long stream, long event) { recorded(event); }

    @Override
    public boolean isDone(long event) { return mark(event).recorded(); }

    @Override
    public void synchronizeEvent(long event) { recorded(event); }

    @Override
    public double millis(long from, long to) {
        checkState(mark(from).timed() && mark(to).timed(), "an event without time is asked for its time");
        return (recorded(to).nanos() - recorded(from).nanos()) / NANOS;
    }

    private Mark mark(long event) {
        var mark = events.get(event);
        checkState(mark != null, "the event was deleted");
        return mark;
    }

    private Mark recorded(long event) {
        var mark = mark(event);
        checkState(mark.recorded(), "the event was never recorded: who waits for it waits for nothing");
        return mark;
    }

    @Override
    public void deleteEvent(long event) {
        mark(event);
        events.remove(event);
    }

    @Override
    public Tensor pinned(DType dtype, long... shape) { return Tensor.empty(dtype, device, shape); }

    @Override
    public void synchronize() {}
}
