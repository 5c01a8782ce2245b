package dev.fusedit.trainer.serve;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.flow.Solver;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.log.ProgramVersion;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;

/// A model that is asked over HTTP. Listens from [#start] on; [#run] makes the images, on the thread that owns the model.
public final class ImageServer implements AutoCloseable {
    static final String OWN = "/api/images";
    static final String OPEN_AI = "/v1/images/generations";
    private static final int MOST_CONNECTIONS = 256;
    private static final int MOST_HEADERS = 16 << 10;
    private static final int LONGEST_LINE = 4 << 10;
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(30);
    private static final Duration FOREVER = Duration.ofDays(3650);
    /// What clients do wrong is theirs to hear. Held here, since a logger that nobody holds is forgotten with its level.
    private static final Logger HELIDON = Logger.getLogger("io.helidon");

    private final ServedModel model;
    private final ServeSettings settings;
    private final ImageQueue queue;
    private final Connections connections;
    private final ServeMetrics metrics = new ServeMetrics();
    /// This server is a party, and each request that is being answered.
    private final Phaser answering = new Phaser(1);
    private final Instant began = Instant.now();
    private final WebServer server;

    private ImageServer(ServedModel model, ServeSettings settings, Connections connections) {
        this.model = model;
        this.settings = settings;
        this.connections = connections;
        queue = new ImageQueue(settings.limits().queue());
        server = WebServer.builder().host(settings.host()).port(settings.port()).shutdownHook(false).connectionOptions(connections)
                .maxTcpConnections(MOST_CONNECTIONS).maxPayloadSize(settings.limits().bytes()).idleConnectionTimeout(FOREVER)
                .addProtocol(Http1Config.builder().maxHeadersSize(MOST_HEADERS).maxPrologueLength(LONGEST_LINE).build())
                .directHandlers(directHandlers()).routing(routing()).build();
    }

    /// @throws UserError if the address cannot be listened on
    public static ImageServer start(ServedModel model, ServeSettings settings) { return start(model, settings, new Connections()); }

    static ImageServer start(ServedModel model, ServeSettings settings, Connections connections) {
        HELIDON.setLevel(Level.SEVERE);
        requireFree(settings);
        var server = new ImageServer(model, settings, connections);
        server.server.start();
        if (!server.server.isRunning()) throw new UserError("the server does not start at %s".formatted(settings));
        return server;
    }

    /// Helidon logs why it does not listen, and throws nothing.
    private static void requireFree(ServeSettings settings) {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(settings.host(), settings.port()));
        } catch (IOException e) {
            throw new UserError("%s cannot be listened on: %s. Give another --port, or another --host".formatted(settings, e.getMessage()),
                    e);
        }
    }

    // ---- what is where

    private HttpRouting.Builder routing() {
        var images = new ImagesApi(model, settings, queue, connections, metrics);
        var routing = HttpRouting.builder().addFilter(new Access(settings, connections, metrics, answering));
        get(routing, "/", resource("page.html", "text/html; charset=utf-8"));
        get(routing, "/page.css", resource("page.css", "text/css; charset=utf-8"));
        get(routing, "/page.js", resource("page.js", "text/javascript; charset=utf-8"));
        get(routing, "/healthz", (_, response) -> Answers.bytes(response, "text/plain", "ok\n"));
        get(routing, "/readyz", (_, response) -> {
            if (queue.isDraining()) throw Refusal.draining(Duration.ofSeconds(1));
            Answers.bytes(response, "text/plain", "ready\n");
        });
        get(routing, "/metrics", (_, response) -> Answers.bytes(response, "text/plain; version=0.0.4", metrics.text(queue, connections)));
        get(routing, "/api/model", (_, response) -> Answers.json(response, aboutModel()));
        get(routing, "/v1/models", (_, response) -> Answers.json(response, openAiModels()));
        get(routing, "/v1/models/{id}", (request, response) -> {
            var id = request.path().pathParameters().get("id");
            if (!id.equals(model.name())) throw Refusal.of(404, "there is no model '%s' here: there is '%s'".formatted(id, model.name()));
            Answers.json(response, openAiModel());
        });
        post(routing, OWN, images::own);
        post(routing, OPEN_AI, images::openAi);
        settings.runs().map(RunsIndex::new).ifPresent(runs -> {
            get(routing, "/api/runs", (_, response) -> Answers.json(response, runs.json()));
            get(routing, "/api/runs/{name}/image", (request, response) -> {
                var name = request.path().pathParameters().get("name");
                Answers.bytes(response, "image/png",
                        runs.image(name).orElseThrow(() -> Refusal.of(404, "no image of a run '%s'".formatted(name))));
            });
            get(routing, "/api/runs/{name}/report", (request, response) -> {
                var name = request.path().pathParameters().get("name");
                var report = runs.report(name).orElseThrow(() -> Refusal.of(404, "no report of a run '%s'".formatted(name)));
                Answers.guardReport(response.headers());
                Answers.bytes(response, "text/html; charset=utf-8", report);
            });
        });
        return routing.any(Answers.told((request, _) -> {
            throw Refusal.of(404, "there is nothing at %s".formatted(request.path().path()));
        }));
    }

    private static void get(HttpRouting.Builder routing, String path, Handler handler) {
        routing.get(path, Answers.told(handler)).any(path, onlyBy("GET"));
    }

    private static void post(HttpRouting.Builder routing, String path, Handler handler) {
        routing.post(path, Answers.told(handler)).any(path, onlyBy("POST"));
    }

    private static Handler onlyBy(String method) {
        return Answers.told((request, response) -> {
            response.header(HeaderNames.ALLOW, method);
            throw Refusal.of(405, "%s is asked by %s".formatted(request.path().path(), method));
        });
    }

    private static Handler resource(String name, String type) {
        try (var in = ImageServer.class.getResourceAsStream(name)) {
            var bytes = in.readAllBytes();
            return (_, response) -> Answers.bytes(response, type, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// What no handler sees: requests that are no HTTP, too long, or cut off.
    private static DirectHandlers directHandlers() {
        var handlers = DirectHandlers.builder();
        for (var type : DirectHandler.EventType.values()) {
            handlers.addHandler(type, (_, _, status, _, _) -> {
                var refused = Refusal.of(status.code(), "the request was refused: %s".formatted(status.reasonPhrase()));
                return DirectHandler.TransportResponse.builder().status(status).header(HeaderNames.CONTENT_TYPE, "application/json")
                        .entity(refused.json().toString().getBytes(StandardCharsets.UTF_8)).build();
            });
        }
        return handlers.build();
    }

    // ---- what is told of the model

    private ObjectNode aboutModel() {
        var pipeline = model.pipeline().pipeline();
        var json = JsonNodeFactory.instance.objectNode().put("model", model.name()).put("model_sha256", model.fingerprint().sha256())
                .put("version", ProgramVersion.number()).put("multiple", pipeline.patchSide());
        json.set("defaults", model.pipeline().defaults().json());
        var solvers = json.putArray("solvers");
        for (var solver : Solver.values()) solvers.add(solver.toString());
        var limits = settings.limits();
        json.putObject("limits").put("images", limits.images()).put("side", limits.side()).put("steps", limits.steps()).put("text",
                limits.text()).put("queue", limits.queue());
        return json.put("runs", settings.runs().isPresent());
    }

    private ObjectNode openAiModel() {
        return JsonNodeFactory.instance.objectNode().put("id", model.name()).put("object", "model").put("created", began.getEpochSecond())
                .put("owned_by", "fusedit");
    }

    private ObjectNode openAiModels() {
        var json = JsonNodeFactory.instance.objectNode().put("object", "list");
        json.putArray("data").add(openAiModel());
        return json;
    }

    // ---- its life

    /// Where it listens.
    public URI address() {
        var host = settings.host().contains(":") ? "[" + settings.host() + "]" : settings.host();
        return URI.create("http://%s:%d".formatted(host, server.port()));
    }

    /// Makes what is asked for until [#drain], then what still waits; ends when the last answer is out. On the thread that owns the model.
    public void run() {
        new ImageMaker(model, queue, metrics).run();
        try {
            answering.awaitAdvanceInterruptibly(answering.arrive(), LAST_ANSWERS.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException _) { // who does not take an answer goes without
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Takes no more requests for images. Any thread's.
    public void drain() { queue.drain(); }

    /// Stops listening.
    @Override
    public void close() {
        drain();
        server.stop();
        connections.close();
    }
}
