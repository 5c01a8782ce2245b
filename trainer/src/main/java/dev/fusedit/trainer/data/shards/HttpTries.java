package dev.fusedit.trainer.data.shards;

import dev.fusedit.torch.UserError;
import java.time.Duration;
import java.util.function.Consumer;

/// Failures of a server that may pass, one after the other, and the waits between them. One thread at a time.
final class HttpTries {
    /// Longer than a server may ask for.
    private static final Duration MOST = Duration.ofHours(1);
    private static final Duration TOLD = Duration.ofSeconds(2);

    private final String shown;
    private final HttpPatience patience;
    private final Waits waits;
    private final Consumer<String> told;
    private int failures;

    /// Lets time pass.
    @FunctionalInterface
    interface Waits {
        void pass(Duration time) throws InterruptedException;
    }

    HttpTries(String shown, HttpPatience patience, Waits waits, Consumer<String> told) {
        this.shown = shown;
        this.patience = patience;
        this.waits = waits;
        this.told = told;
    }

    /// Bytes came.
    void succeeded() { failures = 0; }

    /// Waits before the next try.
    ///
    /// @param asked how long the server asks to wait; zero if it doesn't
    /// @throws UserError if it was the last one
    void failed(String why, Duration asked) {
        if (Thread.currentThread().isInterrupted()) throw interrupted();
        if (++failures > patience.retries())
            throw new UserError(
                    "%s: cannot be fetched: %s%s".formatted(shown, why, failures == 1 ? "" : " (after %d tries)".formatted(failures)));
        if (asked.compareTo(MOST) > 0)
            throw new UserError(
                    "%s: cannot be fetched: %s, and the server asks to come back in %d s".formatted(shown, why, asked.toSeconds()));
        var backOff = patience.backOff(failures);
        var wait = asked.compareTo(backOff) > 0 ? asked : backOff;
        if (wait.compareTo(TOLD) > 0) told.accept("%s: %s; once more in %d s".formatted(shown, why, wait.toSeconds()));
        try {
            waits.pass(wait);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw interrupted();
        }
    }

    private UserError interrupted() { return new UserError(shown + ": interrupted while it was fetched"); }
}
