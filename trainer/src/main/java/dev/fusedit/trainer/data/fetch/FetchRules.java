package dev.fusedit.trainer.data.fetch;

import dev.fusedit.torch.UserError;
import java.time.Duration;
import java.util.function.Predicate;

/// How files are fetched.
///
/// @param contact an address of mail or of a page for those who run the sites; empty for none
/// @param connections at most at once
/// @param perHost of them to one host
/// @param retries after the first try, where a failure may pass
/// @param retryDelay before the first of them; each further one waits twice as long
/// @param timeout of one try, from connecting to the last byte
/// @param mostBytes of a file
/// @param allowPrivate whether addresses that are not of the public network are connected to as well
/// @param blocked hosts, in lower case, that are never asked
public record FetchRules(String contact, int connections, int perHost, int retries, Duration retryDelay, Duration timeout, int mostBytes,
        boolean allowPrivate, Predicate<String> blocked) {
    /// By which sites address rules in `robots.txt` and `X-Robots-Tag`.
    static final String TOKEN = "fusedit";

    public FetchRules {
        require(connections >= 1 && connections <= 4096, "1 to 4096 connections can be open at once, not " + connections);
        require(perHost >= 1 && perHost <= connections, "1 to %d connections go to one host, not %d".formatted(connections, perHost));
        require(retries >= 0 && retries <= 20, "0 to 20 retries can be made, not " + retries);
        require(!retryDelay.isNegative(), "a delay is not negative");
        require(timeout.isPositive(), "a timeout is above 0");
        require(mostBytes >= 1, "files have bytes: at least 1 must be allowed");
        require(contact.chars().allMatch(c -> c > ' ' && c < 127), "the contact is a mail address or a URL, without blanks: " + contact);
    }

    private static void require(boolean holds, String rule) {
        if (!holds) throw new UserError(rule);
    }

    /// `fusedit/0.1 (+mailto:someone@example.org)`
    String agent() {
        var contactable = contact.contains("@") && !contact.contains(":") ? "mailto:" + contact : contact;
        return TOKEN + "/0.1" + (contact.isEmpty() ? "" : " (+" + contactable + ")");
    }
}
