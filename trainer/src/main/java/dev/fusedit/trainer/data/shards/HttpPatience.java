package dev.fusedit.trainer.data.shards;

import static com.google.common.base.Preconditions.checkArgument;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/// How long a server is waited for.
///
/// @param retries after a failure that may pass, before it counts; any new byte begins the count anew
/// @param timeout without an answer or without a byte
/// @param firstWait before the first retry; each further one waits twice as long, up to a minute
public record HttpPatience(int retries, Duration timeout, Duration firstWait) {
    public static final HttpPatience USUAL = new HttpPatience(10, Duration.ofSeconds(60), Duration.ofMillis(500));
    private static final Duration LONGEST = Duration.ofMinutes(1);

    public HttpPatience {
        checkArgument(retries >= 0 && timeout.isPositive() && firstWait.isPositive(), "%s retries, %s, %s", retries, timeout, firstWait);
    }

    /// The wait before a retry: twice as long each time, a random half of it left out, so that many who wait do not come at once.
    ///
    /// @param failure counted from 1
    Duration backOff(int failure) {
        double factor = Math.pow(2, Math.min(failure - 1, 30)) * (0.5 + ThreadLocalRandom.current().nextDouble() / 2);
        long nanos = (long) Math.min(LONGEST.toNanos(), firstWait.toNanos() * factor);
        return Duration.ofNanos(nanos);
    }
}
