package dev.fusedit.torch.cuda;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;

/// The calls that streams and events are made of, for one device. Streams and events are addresses; 0 is the stream that every thread begins
/// with. Any thread may call.
interface DeviceRuntime {
    /// Of this thread's ops.
    long currentStream();

    void useStream(long stream);

    /// One beside those in use.
    long poolStream();

    /// Returns when all is done that a stream was given.
    void synchronizeStream(long stream);

    /// @param timed whether [#millis] will be asked
    long newEvent(boolean timed);

    /// Puts a mark into a stream: behind what it was given so far.
    void record(long event, long stream);

    /// What the stream is given from here on begins when the mark is reached.
    void wait(long stream, long event);

    boolean isDone(long event);

    /// Returns when the mark is reached.
    void synchronizeEvent(long event);

    double millis(long from, long to);

    void deleteEvent(long event);

    /// Unset elements on the host, where the device reads and writes without the CPU's help. The innermost scope's.
    Tensor pinned(DType dtype, long... shape);

    /// Returns when all is done that the device was given.
    void synchronize();
}
