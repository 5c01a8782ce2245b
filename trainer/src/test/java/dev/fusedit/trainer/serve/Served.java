package dev.fusedit.trainer.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.fusion.pipeline.TextToImagePipeline;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.sampling.ModelFingerprint;
import dev.fusedit.trainer.sampling.RunPipeline;
import dev.fusedit.trainer.stage.TinyStage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// A tiny model behind a server, and its clients. Images are made on the test's own thread, in [#run].
final class Served implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    final TinyStage tiny = TinyStage.of("sampling.steps=4", "sampling.guidance=2", "sampling.batch=4");
    final LoadedPipeline model;
    final ServedModel served;
    final ImageServer server;
    final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).executor(Executors.newVirtualThreadPerTaskExecutor())
                    .build();

    private Served(ServeSettings settings, Connections connections, UnaryOperator<Tokenizer> tokenizer) {
        var loaded = RunPipeline.of(tiny.recipe, tiny.bundle);
        var part = loaded.pipeline();
        var pipeline =
                new TextToImagePipeline(part.model(), tokenizer.apply(part.tokenizer()), part.pooled(), part.space(), part.scheduler(),
                        part.prediction(), part.forgetsPrompt());
        model = new LoadedPipeline(pipeline, loaded.defaults(), loaded.weights(), loaded.tokenizers(), loaded.opened());
        served = new ServedModel("tiny", model, ModelFingerprint.of(model));
        server = ImageServer.start(served, settings, connections);
    }

    Served(ServeSettings settings, Connections connections) { this(settings, connections, UnaryOperator.identity()); }

    /// @param tokenizer out of the model's own
    Served(UnaryOperator<Tokenizer> tokenizer) { this(ServeSettings.local(0), new Connections(), tokenizer); }

    Served(ServeSettings settings) { this(settings, new Connections()); }

    Served() { this(ServeSettings.local(0)); }

    /// What a client does, while this thread makes images; then the server is drained.
    void run(Runnable client) {
        var done = CompletableFuture.runAsync(client, Executors.newVirtualThreadPerTaskExecutor()).whenComplete((_, _) -> server.drain());
        server.run();
        done.join();
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(server.address().resolve(path)).timeout(Duration.ofSeconds(60));
    }

    HttpResponse<String> send(HttpRequest request) {
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    HttpResponse<String> get(String path) { return send(request(path).build()); }

    static HttpRequest.Builder json(HttpRequest.Builder request, String body) {
        return request.header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
    }

    HttpResponse<String> post(String path, String body) { return send(json(request(path), body).build()); }

    CompletableFuture<HttpResponse<String>> postLater(String path, String body) {
        return http.sendAsync(json(request(path), body).build(), HttpResponse.BodyHandlers.ofString());
    }

    JsonNode ok(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return parsed(response.body());
    }

    static JsonNode parsed(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(text, e);
        }
    }

    static String message(HttpResponse<String> response) { return parsed(response.body()).path("error").path("message").asText(); }

    static byte[] bytes(JsonNode base64) { return Base64.getDecoder().decode(base64.asText()); }

    static byte[] rgb(byte[] png, Path folder) {
        try {
            var file = Files.createTempFile(folder, "image", ".png");
            Files.write(file, png);
            return PngImage.read(file).rgb();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A server-sent event.
    record Event(String name, JsonNode data) {}

    static List<Event> events(String body) {
        var events = new ArrayList<Event>();
        for (var block : body.split("\n\n")) {
            if (!block.startsWith("event: ")) continue;
            var lines = block.split("\n");
            events.add(new Event(lines[0].substring("event: ".length()), parsed(lines[1].substring("data: ".length()))));
        }
        return events;
    }

    /// What the server says to these very bytes, until it closes.
    String raw(String bytes) { return raw(bytes, _ -> {}); }

    /// @param then done when they are sent
    String raw(String bytes, Consumer<Socket> then) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            then.accept(socket);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "closed: " + e.getMessage();
        }
    }

    /// A request that asks for the connection's end.
    String head(String line, Map<String, String> headers) {
        var text = new StringBuilder(line).append(" HTTP/1.1\r\n");
        headers.forEach((name, value) -> text.append(name).append(": ").append(value).append("\r\n"));
        return text.append("Connection: close\r\n\r\n").toString();
    }

    String host() { return "127.0.0.1:" + server.address().getPort(); }

    @Override
    public void close() {
        server.close();
        http.close();
        tiny.close();
    }
}
