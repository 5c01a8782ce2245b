package dev.fusedit.trainer.run;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A signal ended a run early; what it had learned is in the checkpoint. Or it ended a `sample`; its images are in their folder.
public final class Interrupted extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final transient @Nullable Path checkpoint;

    Interrupted(int status, Path checkpoint, long step) {
        super("Stopped after step %d. What was learned is in %s".formatted(step, checkpoint));
        this.status = status;
        this.checkpoint = checkpoint;
    }

    /// Of something that has no checkpoints.
    ///
    /// @param message what is there, and how to go on
    public Interrupted(int status, String message) {
        super(message);
        this.status = status;
        this.checkpoint = null;
    }

    /// The exit status that the signal asks for: 128 and its number.
    public int status() { return status; }

    public @Nullable Path checkpoint() { return checkpoint; }
}
