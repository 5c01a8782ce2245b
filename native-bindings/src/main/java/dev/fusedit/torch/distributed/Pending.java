package dev.fusedit.torch.distributed;

/// Something that the processes of a job do together beside what they do otherwise. For the thread that began it.
public interface Pending {
    /// Of a process that is alone.
    Pending NONE = new Pending() {
        @Override
        public boolean hasEnded() { return true; }

        @Override
        public void await() {}
    };

    /// Whether it has ended, well or not.
    boolean hasEnded();

    /// Waits for its end. Once.
    ///
    /// @throws PeerLost if another process is gone, or does not answer in time
    void await();
}
