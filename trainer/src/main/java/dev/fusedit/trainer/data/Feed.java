package dev.fusedit.trainer.data;

/// Batches in order. All methods belong to one thread, that of training.
public interface Feed<T> extends AutoCloseable {
    /// The batch of the next step.
    ///
    /// @throws RuntimeException what its source threw for it
    T next();

    /// Whether [#next] would return a batch at once.
    boolean isReady();

    /// Ends what makes batches ahead; those that nobody took are lost.
    @Override
    void close();
}
