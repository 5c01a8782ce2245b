package dev.fusedit.torch.javacpp;

import org.bytedeco.pytorch.Work;

/// A collective that was begun and goes on by itself: c10d's `Work`. It keeps its tensors' memory until it has ended.
///
/// For the bridge's own use. Belongs to the thread that began it.
public final class C10dWork implements AutoCloseable {
    private final Work work;

    C10dWork(Work work) { this.work = work; }

    /// Whether it has ended, well or not.
    public boolean hasEnded() { return work.isCompleted(); }

    /// Waits for it. Once.
    ///
    /// @throws C10dFailure if another process is gone or did not answer in time
    public void await() {
        try (work) {
            work._wait();
        } catch (RuntimeException e) {
            throw new C10dFailure(e);
        }
    }

    /// Forgets it, whatever becomes of it.
    @Override
    public void close() { work.close(); }
}
