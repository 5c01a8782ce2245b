package dev.fusedit.trainer.serve;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Optional;

/// A request that is not done, and what the client is told: a status, and JSON as OpenAI's API has it, which its clients read.
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String type;
    private final transient Optional<Duration> retryAfter;

    private Refusal(int status, String type, String message, Optional<Duration> retryAfter) {
        super(message);
        this.status = status;
        this.type = type;
        this.retryAfter = retryAfter;
    }

    /// The client's mistake.
    static Refusal of(int status, String message) { return new Refusal(status, "invalid_request_error", message, Optional.empty()); }

    static Refusal unauthorized() {
        return new Refusal(401, "authentication_error", "a token is needed: send 'Authorization: Bearer TOKEN'", Optional.empty());
    }

    static Refusal full(int waiting, Duration retryAfter) {
        return new Refusal(429, "rate_limit_error", "%d images wait already: try again later".formatted(waiting), Optional.of(retryAfter));
    }

    static Refusal draining(Duration retryAfter) {
        return new Refusal(503, "server_error", "the server is being stopped and takes no more requests", Optional.of(retryAfter));
    }

    static Refusal broken() {
        return new Refusal(500, "server_error", "the image was not made: an error of the server, which is in its log", Optional.empty());
    }

    int status() { return status; }

    Optional<Duration> retryAfter() { return retryAfter; }

    ObjectNode json() {
        var json = JsonNodeFactory.instance.objectNode();
        json.putObject("error").put("message", getMessage()).put("type", type).putNull("param").putNull("code");
        return json;
    }
}
