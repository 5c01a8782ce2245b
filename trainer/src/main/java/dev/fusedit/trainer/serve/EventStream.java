package dev.fusedit.trainer.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// Server-sent events (HTML standard, 9.2): a name and an object each, at the client's when [#send] returns. One thread's.
final class EventStream implements AutoCloseable {
    /// Proxies end what is silent for long.
    private static final Duration SILENCE = Duration.ofSeconds(10);

    private final OutputStream out;
    private final Connections.Client client;
    private long last = System.nanoTime();

    private EventStream(OutputStream out, Connections.Client client) {
        this.out = out;
        this.client = client;
    }

    static EventStream open(ServerResponse response, Connections.Client client) {
        response.header(HeaderNames.CONTENT_TYPE, "text/event-stream");
        response.header("X-Accel-Buffering", "no"); // nginx would hold events back
        response.header(HeaderNames.CONNECTION, "close"); // what the client sends meanwhile is not read as a request
        return new EventStream(response.outputStream(), client);
    }

    /// @throws CloseConnectionException if the client went away
    void send(String name, ObjectNode data) { write("event: " + name + "\ndata: " + data + "\n\n"); }

    /// A comment, if nothing was sent for long.
    void beat() { if (System.nanoTime() - last > SILENCE.toNanos()) write(":\n\n"); }

    private void write(String text) {
        client.takes();
        try {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException | UncheckedIOException e) {
            throw new CloseConnectionException("the client went away", e);
        }
        client.waits();
        last = System.nanoTime();
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException | UncheckedIOException e) {
            throw new CloseConnectionException("the client went away", e);
        }
    }
}
