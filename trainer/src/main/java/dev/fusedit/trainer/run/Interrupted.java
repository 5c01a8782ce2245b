package dev.fusedit.trainer.run;

import java.nio.file.Path;

/// A signal ended the run early; what it had learned is in the checkpoint.
public final class Interrupted extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final transient Path checkpoint;

    Interrupted(int status, Path checkpoint, long step) {
        super("Stopped after step %d. What was learned is in %s".formatted(step, checkpoint));
        this.status = status;
        this.checkpoint = checkpoint;
    }

    /// The exit status that the signal asks for: 128 and its number.
    public int status() { return status; }

    public Path checkpoint() { return checkpoint; }
}
