package dev.fusedit.trainer.data.fetch;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/// How long a server asks to be left alone (RFC 9110, section 10.2.3).
public final class RetryAfter {
    /// Of the header.
    public static final String NAME = "Retry-After";

    private RetryAfter() {}

    /// @param header seconds, or a date
    /// @return zero where it is neither, or in the past
    public static Duration of(Optional<String> header) {
        var text = header.orElse("").strip();
        if (text.matches("\\d{1,9}")) return Duration.ofSeconds(Long.parseLong(text));
        try {
            var until = Duration.between(Instant.now(), ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
            return until.isNegative() ? Duration.ZERO : until;
        } catch (DateTimeException _) {
            return Duration.ZERO;
        }
    }
}
