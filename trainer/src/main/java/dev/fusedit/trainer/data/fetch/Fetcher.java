package dev.fusedit.trainer.data.fetch;

import com.google.common.base.Ascii;
import com.google.common.cache.CacheBuilder;
import com.google.common.cache.CacheLoader;
import com.google.common.cache.LoadingCache;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/// Fetches images by URL, on the thread that asks; any number may ask at once, virtual ones best. Whoever makes it closes it.
public final class Fetcher implements AutoCloseable {
    private static final int MOST_REDIRECTS = 5;
    private static final String IMAGES = "image/*";
    /// Longer than this no host is waited for.
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(2);

    private final FetchRules rules;
    private final Transport transport;
    private final Robots robots;
    /// Files that are fetched or worked on.
    private final Semaphore places;
    private final LoadingCache<String, HostGate> gates;

    /// What is checked of each answer, and what of a redirect's aim.
    private enum Kind {
        IMAGE, ROBOTS_TXT
    }

    public Fetcher(FetchRules rules) { this(rules, PublicAddresses.of(rules)); }

    Fetcher(FetchRules rules, PublicAddresses addresses) {
        this.rules = rules;
        transport = new Transport(rules, addresses);
        places = new Semaphore(rules.connections(), true);
        gates = CacheBuilder.newBuilder().weakValues().build(CacheLoader.from(() -> new HostGate(rules.perHost())));
        robots = new Robots((address, most) -> retried(address, most, Kind.ROBOTS_TXT));
    }

    /// What is done with a file. While it is done the file counts as one that is being fetched, so that files do not pile up.
    ///
    /// @param <T> what comes of it
    @FunctionalInterface
    public interface Use<T> {
        /// @param file its bytes, whole as far as HTTP tells
        T of(byte[] file) throws IOException, InterruptedException;
    }

    public <T> T fetch(String url, Use<T> use) throws FetchFailure, IOException, InterruptedException {
        var file = retried(WebAddress.of(url), rules.mostBytes(), Kind.IMAGE);
        try {
            return use.of(file);
        } finally {
            places.release();
        }
    }

    /// Of an image, a place is held when this returns.
    private byte[] retried(WebAddress address, int most, Kind kind) throws FetchFailure, InterruptedException {
        var delay = rules.retryDelay();
        for (int left = rules.retries();; left--) {
            try {
                return followed(address, most, kind);
            } catch (FetchFailure e) {
                if (!e.why().isPassing() || left == 0 || e.asksToWait().compareTo(LONGEST_WAIT) > 0) throw e;
                Thread.sleep(e.asksToWait().isZero() ? delay : Duration.ZERO); // a host that asks for it is left alone by all
                delay = delay.multipliedBy(2);
            }
        }
    }

    private byte[] followed(WebAddress first, int most, Kind kind) throws FetchFailure, InterruptedException {
        var address = first;
        for (int hops = 0; hops <= MOST_REDIRECTS; hops++) {
            if (rules.blocked().test(address.host())) throw new FetchFailure(FetchCause.BLOCKED_DOMAIN, address.host());
            if (kind == Kind.IMAGE) robots.check(address);
            var answer = asked(address, most, kind);
            switch (answer.status()) {
                case 200 -> {
                    return answer.body();
                }
                case 301, 302, 303, 307, 308 -> address = address.to(answer.header("Location")
                        .orElseThrow(() -> new FetchFailure(FetchCause.HTTP_STATUS, answer.status() + " without Location")));
                default -> throw refused(answer);
            }
        }
        throw new FetchFailure(FetchCause.REDIRECTS, "is redirected more than %d times".formatted(MOST_REDIRECTS));
    }

    private Transport.Answer asked(WebAddress address, int most, Kind kind) throws FetchFailure, InterruptedException {
        var gate = gates.getUnchecked(address.host());
        gate.enter(kind == Kind.IMAGE ? robots.delay(address) : Duration.ZERO);
        try {
            places.acquire();
            boolean keep = false;
            try {
                var answer = transport.get(address, kind == Kind.IMAGE ? IMAGES : "text/plain", most, head -> look(head, kind));
                keep = kind == Kind.IMAGE && answer.status() == 200;
                return answer;
            } finally {
                if (!keep) places.release();
            }
        } catch (FetchFailure e) {
            gate.pause(e.asksToWait().compareTo(LONGEST_WAIT) > 0 ? Duration.ZERO : e.asksToWait());
            throw e;
        } finally {
            gate.leave();
        }
    }

    private static void look(Transport.Answer head, Kind kind) throws FetchFailure {
        if (head.status() == 429 || head.status() == 408 || head.status() >= 500) throw refused(head);
        if (kind == Kind.ROBOTS_TXT) return;
        OptOuts.check(head.headers());
        var type = Ascii.toLowerCase(head.header("Content-Type").orElse(IMAGES).strip());
        boolean fits = type.startsWith("image/") || type.startsWith("application/octet-stream") || type.startsWith("binary/octet-stream");
        if (head.status() == 200 && !fits) throw new FetchFailure(FetchCause.CONTENT_TYPE, Ascii.truncate(type, 80, "…"));
    }

    private static FetchFailure refused(Transport.Answer answer) {
        var said = Ascii.truncate(answer.status() + " " + answer.reason(), 80, "…");
        var cause = answer.status() == 429 ? FetchCause.TOO_MANY_REQUESTS
                : answer.status() >= 500 || answer.status() == 408 ? FetchCause.SERVER_ERROR : FetchCause.HTTP_STATUS;
        return new FetchFailure(cause, said, RetryAfter.of(answer.header(RetryAfter.NAME)));
    }

    @Override
    public void close() { transport.close(); }
}
