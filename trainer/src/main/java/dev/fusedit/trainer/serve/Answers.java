package dev.fusedit.trainer.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.UserError;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.RequestException;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerResponse;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What goes back: JSON, and what went wrong as JSON.
final class Answers {
    private static final Logger LOG = LoggerFactory.getLogger(Answers.class);
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
            + "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    private static final String REPORT_POLICY = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; "
            + "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'";

    private Answers() {}

    /// What a browser may do with an answer: nothing but what the page needs.
    static void guard(ServerResponseHeaders headers) {
        headers.set(HeaderNames.create("Content-Security-Policy"), POLICY);
        headers.set(HeaderNames.create("X-Content-Type-Options"), "nosniff");
        headers.set(HeaderNames.create("Cross-Origin-Resource-Policy"), "same-origin");
        headers.set(HeaderNames.create("Referrer-Policy"), "no-referrer");
        headers.set(HeaderNames.CACHE_CONTROL, "no-store");
    }

    /// The same of a run's page, which has scripts of its own: it belongs to no site, so that nothing in it can ask this server.
    static void guardReport(ServerResponseHeaders headers) { headers.set(HeaderNames.create("Content-Security-Policy"), REPORT_POLICY); }

    static void json(ServerResponse response, ObjectNode json) { bytes(response, "application/json", json.toString()); }

    static void bytes(ServerResponse response, String type, String text) { bytes(response, type, text.getBytes(StandardCharsets.UTF_8)); }

    static void bytes(ServerResponse response, String type, byte[] bytes) {
        response.header(HeaderNames.CONTENT_TYPE, type);
        response.send(bytes);
    }

    static void refuse(ServerResponse response, Refusal refused) {
        response.status(Status.create(refused.status()));
        refused.retryAfter().ifPresent(wait -> response.header(HeaderNames.RETRY_AFTER, Long.toString(seconds(wait))));
        if (refused.status() == 401) response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
        if (refused.status() == 503) response.header(HeaderValues.CONNECTION_CLOSE);
        json(response, refused.json());
    }

    private static long seconds(Duration wait) { return Math.ceilDiv(wait.toMillis(), 1000); }

    /// A handler whose failures are answered.
    static Handler told(Handler handler) {
        return (request, response) -> {
            try {
                handler.handle(request, response);
            } catch (CloseConnectionException | UncheckedIOException | RequestException | HttpException e) {
                throw e; // nobody is there to be told, or Helidon tells it
            } catch (RuntimeException e) {
                if (response.isSent()) throw e;
                refuse(response, refusal(e));
            }
        };
    }

    /// What a client is told of a failure: what the command line would say of its mistake, nothing of ours.
    static Refusal refusal(RuntimeException thrown) {
        return switch (thrown) {
            case Refusal refused -> refused;
            case UserError mistake -> Refusal.of(400, mistake.getMessage());
            default -> {
                LOG.error("a request failed", thrown);
                yield Refusal.broken();
            }
        };
    }
}
