package dev.fusedit.trainer.serve;

import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Phaser;
import org.jspecify.annotations.Nullable;

/// Who is answered: requests to this server's own name, from no foreign page, with the token where there is one. In front of all else.
final class Access implements Filter {
    /// The page, which asks for the token itself, and what a load balancer asks.
    private static final Set<String> OPEN = Set.of("/", "/page.css", "/page.js", "/healthz", "/readyz");
    /// As proxies count requests whose client went away.
    private static final int NOBODY = 499;
    private static final HeaderName FETCH_SITE = HeaderNames.create("Sec-Fetch-Site");
    private static final HeaderName FETCH_MODE = HeaderNames.create("Sec-Fetch-Mode");

    private final ServeSettings settings;
    private final Connections connections;
    private final ServeMetrics metrics;
    private final Phaser answering;

    /// @param answering a party for each request that is being answered
    Access(ServeSettings settings, Connections connections, ServeMetrics metrics, Phaser answering) {
        this.settings = settings;
        this.connections = connections;
        this.metrics = metrics;
        this.answering = answering;
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        var client = connections.client(request.remotePeer().address());
        connections.listens(client);
        answering.register();
        long began = System.nanoTime();
        int status = NOBODY;
        try {
            Answers.guard(response.headers());
            var refused = refusal(request);
            if (refused == null) chain.proceed();
            else Answers.refuse(response, refused);
            status = response.status().code();
        } finally {
            metrics.answered(request.path().path(), status, (System.nanoTime() - began) / 1e9);
            connections.listens(client);
            answering.arriveAndDeregister();
        }
        // Helidon waits for the client to close, and the client, which asked for it, for the server
        if (request.headers().containsToken(HeaderValues.CONNECTION_CLOSE)
                || response.headers().containsToken(HeaderValues.CONNECTION_CLOSE)) {
            throw new CloseConnectionException("it is answered, and nothing more is asked");
        }
    }

    private @Nullable Refusal refusal(RoutingRequest request) {
        var headers = request.headers();
        var host = value(headers, HeaderNames.HOST).orElse("");
        if (!settings.answersTo(host.replaceFirst(":\\d*$", ""))) {
            return Refusal.of(403, "this server does not go by the name '%s': start it with --allow-host to answer to it".formatted(host));
        }
        var origin = value(headers, HeaderNames.ORIGIN);
        if (origin.isPresent() && !origin.get().equals("http://" + host) && !origin.get().equals("https://" + host)) {
            return Refusal.of(403, "pages of %s may not ask this server".formatted(origin.get()));
        }
        boolean opensPage = request.prologue().method().equals(Method.GET) && value(headers, FETCH_MODE).equals(Optional.of("navigate"));
        var site = value(headers, FETCH_SITE).orElse("none");
        if (!opensPage && (site.equals("cross-site") || site.equals("same-site"))) {
            return Refusal.of(403, "pages of elsewhere may not ask this server");
        }
        boolean open = OPEN.contains(request.path().path());
        return open || settings.isAuthorized(value(headers, HeaderNames.AUTHORIZATION)) ? null : Refusal.unauthorized();
    }

    private static Optional<String> value(ServerRequestHeaders headers, HeaderName name) {
        return headers.contains(name) ? Optional.of(headers.get(name)).map(Header::get) : Optional.empty();
    }
}
