package dev.fusedit.trainer.data.fetch;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import crawlercommons.robots.BaseRobotRules;
import crawlercommons.robots.SimpleRobotRules;
import crawlercommons.robots.SimpleRobotRules.RobotRulesMode;
import crawlercommons.robots.SimpleRobotRulesParser;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;

/// What each site's `robots.txt` allows (RFC 9309): asked for once a day, at most 500 KiB of it read. A site without one (4xx) allows all, one
/// whose file cannot be had (5xx, 429, no connection) nothing.
///
/// Any number of threads; one of them asks, the others wait.
final class Robots {
    private static final int MOST_BYTES = 500 << 10;
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(10);

    private final Cache<String, BaseRobotRules> sites =
            CacheBuilder.newBuilder().maximumSize(200_000).expireAfterWrite(Duration.ofDays(1)).build();
    private final Ask ask;

    /// Fetches a file, redirects followed.
    @FunctionalInterface
    interface Ask {
        byte[] get(WebAddress address, int mostBytes) throws FetchFailure, InterruptedException;
    }

    Robots(Ask ask) { this.ask = ask; }

    /// @throws FetchFailure if the address may not be asked for
    void check(WebAddress address) throws FetchFailure, InterruptedException {
        var rules = of(address);
        if (rules.isAllowed(address.toString())) return;
        throw new FetchFailure(FetchCause.ROBOTS, rules.isDeferVisits() ? "robots.txt cannot be had" : "robots.txt forbids it");
    }

    /// Between requests: its `Crawl-delay`, at most 10 s.
    Duration delay(WebAddress address) throws FetchFailure, InterruptedException {
        long millis = of(address).getCrawlDelay();
        if (millis <= 0) return Duration.ZERO;
        return millis > LONGEST_DELAY.toMillis() ? LONGEST_DELAY : Duration.ofMillis(millis);
    }

    private BaseRobotRules of(WebAddress address) throws FetchFailure, InterruptedException {
        try {
            return sites.get(address.origin(), () -> load(address));
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case FetchFailure failure -> throw failure;
                case InterruptedException stopped -> throw stopped;
                default -> throw new IllegalStateException(e.getCause());
            }
        }
    }

    private BaseRobotRules load(WebAddress address) throws FetchFailure, InterruptedException {
        var place = address.to("/robots.txt");
        try {
            return new SimpleRobotRulesParser().parseContent(place.toString(), ask.get(place, MOST_BYTES), "text/plain",
                    List.of(FetchRules.TOKEN));
        } catch (FetchFailure e) {
            return switch (e.why()) {
                case HTTP_STATUS, REDIRECTS, NOAI, TDM, CONTENT_TYPE -> new SimpleRobotRules(RobotRulesMode.ALLOW_ALL);
                case TIMEOUT, CUT, TOO_MANY_REQUESTS, SERVER_ERROR, TOO_LARGE, ROBOTS -> unreachable();
                case ADDRESS, PRIVATE_ADDRESS, BLOCKED_DOMAIN, DNS, CONNECT -> throw e; // so is the file itself
            };
        }
    }

    private static BaseRobotRules unreachable() {
        var rules = new SimpleRobotRules(RobotRulesMode.ALLOW_NONE);
        rules.setDeferVisits(true);
        return rules;
    }
}
