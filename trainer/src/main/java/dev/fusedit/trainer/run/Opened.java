package dev.fusedit.trainer.run;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/// What a run has opened: closed in the opposite order when the run is, or when the run cannot be begun. All of it is, whatever the closing of
/// one of them comes to.
final class Opened implements AutoCloseable {
    private final Deque<Runnable> parts = new ArrayDeque<>();

    <T> T add(T part, Consumer<? super T> close) {
        parts.push(() -> close.accept(part));
        return part;
    }

    /// Throws what the first of them threw, the others' beside it.
    @Override
    public void close() {
        RuntimeException thrown = null;
        while (!parts.isEmpty()) {
            try {
                parts.pop().run();
            } catch (RuntimeException e) {
                if (thrown == null) thrown = e;
                else thrown.addSuppressed(e);
            }
        }
        if (thrown != null) throw thrown;
    }

    /// After something else has gone wrong, which is what a person is to be told.
    void closeBeside(RuntimeException wrong) {
        try {
            close();
        } catch (RuntimeException e) {
            wrong.addSuppressed(e);
        }
    }
}
