package dev.fusedit.trainer.data.fetch;

import java.time.Duration;

/// A file was not fetched.
public final class FetchFailure extends Exception {
    private static final long serialVersionUID = 1;

    private final FetchCause cause;
    private final Duration wait;

    FetchFailure(FetchCause cause, String detail) { this(cause, detail, Duration.ZERO); }

    /// @param wait how long the host asks to be left alone; zero if it does not
    FetchFailure(FetchCause cause, String detail, Duration wait) {
        super(detail, null, false, false);
        this.cause = cause;
        this.wait = wait;
    }

    public FetchCause why() { return cause; }

    Duration asksToWait() { return wait; }
}
