package dev.fusedit.trainer.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.sampling.SampleNotes;
import dev.fusedit.trainer.serve.ImageJob.Event;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// `POST /api/images` and OpenAI's `POST /v1/images/generations`: two forms of one thing. Both answer with all images, or, where the request
/// says `"stream": true`, with server-sent events as they come.
final class ImagesApi {
    /// In which it is noticed that a client went away.
    private static final Duration LOOK = Duration.ofMillis(250);

    private final ImageQueue queue;
    private final Connections connections;
    private final ServeMetrics metrics;
    private final ImageOrders orders;
    private final ServedModel model;
    private final int bytes;
    private final SampleNotes notes;

    ImagesApi(ServedModel model, ServeSettings settings, ImageQueue queue, Connections connections, ServeMetrics metrics) {
        this.queue = queue;
        this.connections = connections;
        this.metrics = metrics;
        this.model = model;
        orders = new ImageOrders(model, settings.limits());
        bytes = settings.limits().bytes();
        notes = settings.metadata() ? SampleNotes.of(model.fingerprint()) : SampleNotes.NONE;
    }

    /// The form of the answers.
    private enum Form {
        OWN, OPEN_AI
    }

    void own(ServerRequest request, ServerResponse response) throws InterruptedException { answer(Form.OWN, request, response); }

    void openAi(ServerRequest request, ServerResponse response) throws InterruptedException { answer(Form.OPEN_AI, request, response); }

    private void answer(Form form, ServerRequest request, ServerResponse response) throws InterruptedException {
        var json = RequestBody.json(request, bytes);
        var job = switch (form) {
            case OWN -> orders.own(json);
            case OPEN_AI -> orders.openAi(json);
        };
        boolean streamed = new ConfigReader(json, RequestBody.NAME).flag("stream");
        var client = connections.client(request.remotePeer().address());
        client.waits();
        try {
            int ahead = queue.add(job);
            if (streamed) stream(form, job, ahead, client, response);
            else whole(form, job, client, response);
        } catch (CloseConnectionException e) {
            metrics.gone();
            throw e;
        } finally {
            job.abandon();
        }
    }

    // ---- all at once

    private void whole(Form form, ImageJob job, Connections.Client client, ServerResponse response) throws InterruptedException {
        long began = System.nanoTime();
        var made = new TreeMap<Integer, PngImage>();
        var warnings = new ArrayList<String>();
        var waiting = new Waiting(job, client);
        while (made.size() < job.images()) {
            switch (waiting.next()) {
                case null -> {}
                case Event.Began(var all) -> warnings.addAll(all);
                case Event.Step _ -> {}
                case Event.Preview _ -> {}
                case Event.Made(var image, var its) -> made.put(image, its);
                case Event.Failed(var cause) -> throw cause;
            }
        }
        var json = switch (form) {
            case OWN -> ownWhole(job, List.copyOf(made.values()), warnings, (System.nanoTime() - began) / 1e9);
            case OPEN_AI -> openAiWhole(job, List.copyOf(made.values()));
        };
        client.takes();
        if (client.sentMore()) response.header(HeaderValues.CONNECTION_CLOSE);
        Answers.json(response, json);
    }

    private ObjectNode ownWhole(ImageJob job, List<PngImage> made, List<String> warnings, double seconds) {
        var json = JsonNodeFactory.instance.objectNode();
        var images = json.putArray("images");
        for (int i = 0; i < made.size(); i++) images.add(image(job, i, made.get(i)));
        return end(json, job, warnings, seconds);
    }

    private ObjectNode end(ObjectNode json, ImageJob job, List<String> warnings, double seconds) {
        json.put("model", model.name()).put("model_sha256", model.fingerprint().sha256()).put("seed", Long.toString(job.seed().value()))
                .put("seconds", seconds);
        ArrayNode said = json.putArray("warnings");
        warnings.forEach(said::add);
        return json;
    }

    /// A seed is a text: JavaScript's numbers do not hold all of them.
    private ObjectNode image(ImageJob job, int image, PngImage made) {
        return JsonNodeFactory.instance.objectNode().put("image", image).put("seed", Long.toString(job.alone(image).value()))
                .put("width", made.width()).put("height", made.height()).put("b64_png", png(job, image, made));
    }

    private String png(ImageJob job, int image, PngImage made) {
        return base64(made.png(notes.ofImage(job.request(), job.prompt(), job.alone(image))));
    }

    private static String base64(byte[] bytes) { return Base64.getEncoder().encodeToString(bytes); }

    private ObjectNode openAiWhole(ImageJob job, List<PngImage> made) {
        var json = JsonNodeFactory.instance.objectNode().put("created", System.currentTimeMillis() / 1000);
        var data = json.putArray("data");
        for (int i = 0; i < made.size(); i++) data.addObject().put("b64_json", png(job, i, made.get(i)));
        return openAiKind(json, job);
    }

    private static ObjectNode openAiKind(ObjectNode json, ImageJob job) {
        var settings = job.request().settings();
        return json.put("size", settings.width() + "x" + settings.height()).put("output_format", "png").put("background", "opaque");
    }

    // ---- as they come

    private void stream(Form form, ImageJob job, int ahead, Connections.Client client, ServerResponse response)
            throws InterruptedException {
        long began = System.nanoTime();
        try (var events = EventStream.open(response, client)) {
            if (form == Form.OWN) events.send("queued", JsonNodeFactory.instance.objectNode().put("ahead", ahead));
            var warnings = new ArrayList<String>();
            var waiting = new Waiting(job, client);
            for (int made = 0; made < job.images();) {
                switch (waiting.next()) {
                    case null -> events.beat();
                    case Event.Began(var all) -> warnings.addAll(all);
                    case Event.Step(var image, var steps) -> step(form, events, job, image, steps);
                    case Event.Preview preview -> preview(form, events, job, preview);
                    case Event.Made(var image, var its) -> {
                        made(form, events, job, image, its);
                        made++;
                    }
                    case Event.Failed(var cause) -> {
                        events.send("error", Answers.refusal(cause).json());
                        return;
                    }
                }
            }
            if (form == Form.OWN) {
                events.send("done", end(JsonNodeFactory.instance.objectNode(), job, warnings, (System.nanoTime() - began) / 1e9));
            }
        }
    }

    private static void step(Form form, EventStream events, ImageJob job, int image, int steps) {
        if (form == Form.OWN) {
            events.send("step", JsonNodeFactory.instance.objectNode().put("image", image).put("step", steps).put("steps",
                    job.request().settings().steps()));
        }
    }

    private void preview(Form form, EventStream events, ImageJob job, Event.Preview preview) {
        var png = base64(preview.seen().png());
        switch (form) {
            case OWN ->
                    events.send("preview", JsonNodeFactory.instance.objectNode().put("image", preview.image()).put("step", preview.steps())
                            .put("steps", job.request().settings().steps()).put("b64_png", png));
            case OPEN_AI -> openAi(events, "image_generation.partial_image", job, JsonNodeFactory.instance.objectNode()
                    .put("partial_image_index", preview.number()).put("b64_json", png));
        }
    }

    private void made(Form form, EventStream events, ImageJob job, int image, PngImage made) {
        switch (form) {
            case OWN -> events.send("image", image(job, image, made));
            case OPEN_AI -> openAi(events, "image_generation.completed", job,
                    JsonNodeFactory.instance.objectNode().put("b64_json", png(job, image, made)));
        }
    }

    private static void openAi(EventStream events, String name, ImageJob job, ObjectNode json) {
        events.send(name, openAiKind(json.put("type", name).put("created_at", System.currentTimeMillis() / 1000), job));
    }

    /// Waits for what becomes of a job, and looks whether its client still does.
    private static final class Waiting {
        private final ImageJob job;
        private final Connections.Client client;
        private long looked = System.nanoTime();

        Waiting(ImageJob job, Connections.Client client) {
            this.job = job;
            this.client = client;
        }

        /// Null if nothing became of it for a while.
        ///
        /// @throws CloseConnectionException if the client went away: its images are not made then
        @Nullable
        Event next() throws InterruptedException {
            var event = job.next(LOOK);
            if (System.nanoTime() - looked > LOOK.toNanos()) {
                if (client.isGone()) throw new CloseConnectionException("the client went away");
                looked = System.nanoTime();
            }
            return event;
        }
    }
}
