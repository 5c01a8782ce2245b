package dev.fusedit.trainer.serve;

import static dev.fusedit.trainer.serve.Served.bytes;
import static dev.fusedit.trainer.serve.Served.events;
import static dev.fusedit.trainer.serve.Served.message;
import static dev.fusedit.trainer.serve.Served.rgb;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.sampling.RememberedImage;
import dev.fusedit.trainer.sampling.SampleOutput;
import dev.fusedit.trainer.sampling.SampleRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class ImageServerTest {
    private static final String OWN = "/api/images";
    private static final String OPEN_AI = "/v1/images/generations";

    @TempDir
    Path temp;

    private static List<String> names(List<Served.Event> events) { return events.stream().map(Served.Event::name).toList(); }

    private static int distance(byte[] a, byte[] b) {
        assertThat(a).hasSameSizeAs(b);
        int most = 0;
        for (int i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] & 255) - (b[i] & 255)));
        return most;
    }

    @Test
    void anImageIsThatOfSampleAndIsMadeAgainFromItsFile() throws IOException {
        try (var served = new Served()) {
            var made = new JsonNode[1];
            served.run(() -> made[0] = served.ok(served.post(OWN, """
                    {"prompt": "a red circle", "negative": "blue", "seed": 5, "steps": 3, "solver": "heun", "guidance": 1.5}""")));
            assertThat(made[0].path("model").asText()).isEqualTo("tiny");
            assertThat(made[0].path("warnings")).isEmpty();
            var file = Files.write(temp.resolve("served.png"), bytes(made[0].at("/images/0/b64_png")));
            var again = RememberedImage.read(file);
            again.requireModel(temp, served.served.fingerprint());
            assertThat(again.seed()).isEqualTo(Seed.of(5));
            SampleRun.of(served.model, again.request()).write(SampleOutput.of(temp.resolve("again.png"), false).single(), false,
                    ProgressLine.silent(), () -> {});
            assertThat(PngImage.read(temp.resolve("again.png")).rgb()).isEqualTo(PngImage.read(file).rgb());
        }
    }

    @Test
    void imagesOfARequestHaveSeedsOfTheirOwnAndMayBeMadeWithOthers() {
        try (var served = new Served()) {
            var requests = List.of("""
                    {"prompt": "a red circle", "seed": "-9007199254740993", "n": 3}""", """
                    {"prompt": "two blue squares", "seed": 6, "n": 2}""");
            var together = new ArrayList<JsonNode>();
            var alone = new ArrayList<byte[]>();
            served.run(() -> {
                var later = requests.stream().map(request -> served.postLater(OWN, request)).toList();
                later.forEach(each -> each.join().statusCode());
                later.forEach(each -> together.add(served.ok(each.join())));
                for (var image : together.getFirst().path("images")) {
                    alone.add(
                            bytes(served.ok(served.post(OWN, "{\"prompt\": \"a red circle\", \"seed\": \"%s\"}".formatted(image.path("seed")
                                    .asText()))).at("/images/0/b64_png")));
                }
            });
            assertThat(together.getFirst().path("seed").asText()).isEqualTo("-9007199254740993");
            assertThat(together.getFirst().at("/images/0/seed").asText()).isEqualTo("-9007199254740993");
            for (int i = 0; i < 3; i++) {
                var image = rgb(bytes(together.getFirst().at("/images/" + i + "/b64_png")), temp);
                assertThat(distance(image, rgb(alone.get(i), temp))).as("up to rounding in another batch").isLessThanOrEqualTo(1);
            }
        }
    }

    @Test
    void eventsShowAnImageStepByStep() {
        try (var served = new Served()) {
            served.run(() -> {
                var response = served.post(OWN, """
                        {"prompt": "a red circle with a glorp", "seed": 5, "steps": 6, "previews": 2, "stream": true, "n": 2}""");
                assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream");
                var events = events(response.body());
                assertThat(names(events)).startsWith("queued", "step", "step").endsWith("image", "image", "done").hasSize(1 + 12 + 4 + 3);
                var previews = events.stream().filter(event -> event.name().equals("preview")).toList();
                assertThat(previews.stream().map(event -> event.data().path("step").asInt())).containsExactly(2, 2, 4, 4);
                assertThat(rgb(bytes(previews.getFirst().data().path("b64_png")), temp)).hasSize(32 * 32 * 3);
                var done = events.getLast().data();
                assertThat(done.path("warnings").toString()).contains("never read", "glorp");
                assertThat(done.path("seed").asText()).isEqualTo("5");
            });
        }
    }

    @Test
    void openAisClientsFindWhatTheyExpect() {
        try (var served = new Served()) {
            served.run(() -> {
                var models = served.ok(served.get("/v1/models"));
                assertThat(models.at("/data/0/id").asText()).isEqualTo("tiny");
                assertThat(served.ok(served.get("/v1/models/tiny")).path("object").asText()).isEqualTo("model");
                assertThat(served.get("/v1/models/dall-e-3").statusCode()).isEqualTo(404);
                var made = served.ok(served.post(OPEN_AI, """
                        {"model": "tiny", "prompt": "a red circle", "n": 2, "size": "64x32", "response_format": "b64_json", "seed": 5}"""));
                assertThat(made.path("data")).hasSize(2);
                assertThat(made.path("size").asText()).isEqualTo("64x32");
                assertThat(rgb(bytes(made.at("/data/1/b64_json")), temp)).hasSize(64 * 32 * 3);
                var events = events(served.post(OPEN_AI, """
                        {"prompt": "a red circle", "stream": true, "partial_images": 1, "size": "auto"}""").body());
                assertThat(names(events)).containsExactly("image_generation.partial_image", "image_generation.completed");
                assertThat(events.getFirst().data().path("type").asText()).isEqualTo("image_generation.partial_image");
                assertThat(events.getFirst().data().path("partial_image_index").asInt()).isZero();
            });
        }
    }

    @Test
    void whatCannotBeDoneIsRefusedInTheWordsOfTheCommandLine() {
        try (var served = new Served(new ServeSettings("127.0.0.1", 0, Optional.empty(), List.of(), new ServeLimits(8, 3, 128, 20, 40),
                Optional.empty(), true))) {
            var refused = List.of("{}", "prompt is missing, it must be a text that is not blank", "{\"prompt\": \" \"}", "not blank",
                    "{\"prompt\": 7}", "prompt must be a text", "[]", "must be a JSON object", "{\"prompt\": \"a\"", "the request",
                    "{\"prompt\": \"a\", \"prompt\": \"b\"}", "Duplicate field 'prompt'",
                    "{\"prompt\": \"a\", \"n\": 0}", "n must be at least 1", "{\"prompt\": \"a\", \"n\": 4}",
                    "n of 4 is more than this server does, 3",
                    "{\"prompt\": \"a\", \"steps\": 21}", "--max-steps", "{\"prompt\": \"a\", \"steps\": 0}", "steps must be at least 1",
                    "{\"prompt\": \"a\", \"width\": 256}", "--max-side", "{\"prompt\": \"a\", \"width\": 35}",
                    "not made of whole patches of", "{\"prompt\": \"a\", \"guidance\": 0.5}", "guidance must be at least 1",
                    "{\"prompt\": \"a\", \"guidance\": \"2\"}", "guidance must be a number", "{\"prompt\": \"a\", \"solver\": \"ddim\"}",
                    "solver must be one of euler, euler-stochastic", "{\"prompt\": \"a\", \"seed\": 1.5}",
                    "seed must be a whole number of 64 bits",
                    "{\"prompt\": \"a\", \"seed\": \"x\"}", "seed must be a whole number", "{\"prompt\": \"a\", \"cfg\": 3}",
                    "the field 'cfg' is not known", "{\"prompt\": \"a\", \"guidance\": 1, \"negative\": \"b\"}",
                    "the negative prompt \"b\" has no effect without guidance", "{\"prompt\": \"a\", \"previews\": 99}",
                    "previews must be from 0 to 50",
                    "{\"prompt\": \"%s\"}".formatted("a".repeat(41)), "prompt of 41 is more than this server does, 40 (--max-text)");
            for (int i = 0; i < refused.size(); i += 2) {
                var response = served.post(OWN, refused.get(i));
                assertThat(response.statusCode()).as(refused.get(i)).isEqualTo(400);
                assertThat(message(response)).as(refused.get(i)).contains(refused.get(i + 1)).doesNotContain("Exception");
            }
            var ofOpenAi = List.of("{\"prompt\": \"a\", \"response_format\": \"url\"}", "response_format must be b64_json",
                    "{\"prompt\": \"a\", \"size\": \"big\"}", "size must be WIDTHxHEIGHT", "{\"prompt\": \"a\", \"style\": \"vivid\"}",
                    "'style' is not known", "{\"prompt\": \"a\", \"quality\": \"hd\"}", "quality must be auto or standard");
            for (int i = 0; i < ofOpenAi.size(); i += 2) {
                var response = served.post(OPEN_AI, ofOpenAi.get(i));
                assertThat(response.statusCode()).as(ofOpenAi.get(i)).isEqualTo(400);
                assertThat(message(response)).contains(ofOpenAi.get(i + 1));
            }
            assertThat(served.post(OPEN_AI, "{\"prompt\": \"a\", \"model\": \"dall-e-2\"}").statusCode()).isEqualTo(404);
            served.run(() -> {}); // nothing waits
        }
    }

    @Test
    void whoComesWhenTheQueueIsFullIsToldToComeAgain() {
        var limits = new ServeLimits(3, 3, 1024, 200, 4000);
        try (var served = new Served(new ServeSettings("127.0.0.1", 0, Optional.empty(), List.of(), limits, Optional.empty(), true))) {
            var waits = served.postLater(OWN, "{\"prompt\": \"a red circle\", \"n\": 2}"); // nothing is made before run()
            while (!served.get("/metrics").body().contains("fusedit_queue_images 2")) Thread.onSpinWait();
            var full = served.post(OWN, "{\"prompt\": \"a\", \"n\": 2}");
            assertThat(full.statusCode()).isEqualTo(429);
            assertThat(full.headers().firstValue("Retry-After")).hasValue("1");
            assertThat(message(full)).contains("2 images wait already");
            var fits = served.postLater(OWN, "{\"prompt\": \"a blue circle\"}");
            while (!served.get("/metrics").body().contains("fusedit_queue_images 3")) Thread.onSpinWait();
            served.server.drain();
            var late = served.post(OWN, "{\"prompt\": \"a\"}");
            assertThat(late.statusCode()).isEqualTo(503);
            assertThat(late.headers().firstValue("Retry-After")).isPresent();
            assertThat(served.get("/readyz").statusCode()).isEqualTo(503);
            assertThat(served.get("/healthz").statusCode()).isEqualTo(200);
            served.server.run(); // what waits is made
            assertThat(served.ok(waits.join()).path("images")).hasSize(2);
            assertThat(served.ok(fits.join()).path("images")).hasSize(1);
            assertThat(served.get("/metrics").body()).contains("fusedit_images_total 3", "fusedit_batches_total 1", "status=\"429\"} 1",
                    "fusedit_request_seconds_count 2");
        }
    }

    @Test
    void imagesOfAClientThatWentAwayAreNotMade() {
        try (var served = new Served()) {
            var body = "{\"prompt\": \"a red circle\"}";
            served.raw("POST /api/images HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                    .formatted(served.host(), body.length(), body), socket -> {
                        while (!served.get("/metrics").body().contains("fusedit_queue_images 1")) Thread.onSpinWait();
                        try {
                            socket.close();
                        } catch (IOException e) {
                            throw new AssertionError(e);
                        }
                    });
            while (!served.get("/metrics").body().contains("fusedit_clients_gone_total 1")) Thread.onSpinWait();
            served.run(() -> {});
            assertThat(served.get("/metrics").body()).contains("fusedit_images_total 0");
        }
    }

    @Test
    void runsAreListedAndNothingElseIsServedOfTheirFolder() throws IOException {
        var run = Files.createDirectories(temp.resolve("runs/first"));
        Files.writeString(run.resolve("recipe.yaml"), "x");
        Files.writeString(run.resolve("metrics.jsonl"), """
                {"step": 3, "flow": 0.5, "images_per_second": 8}
                {"event": "validation", "step": 3, "flow": 0.7}
                {"step": 4, "fl""");
        Files.write(run.resolve("samples.png"), new PngImage(1, 1, new byte[3]).png());
        Files.writeString(run.resolve("report.html"), "<h1>first</h1>");
        Files.createDirectories(temp.resolve("runs/other"));
        Files.writeString(temp.resolve("secret.png"), "classified");
        var settings =
                new ServeSettings("127.0.0.1", 0, Optional.empty(), List.of(), ServeLimits.USUAL, Optional.of(temp.resolve("runs")), true);
        try (var served = new Served(settings)) {
            var listed = served.ok(served.get("/api/runs")).path("runs");
            assertThat(listed).hasSize(1);
            assertThat(listed.get(0).toString()).contains("\"name\":\"first\"", "\"step\":3", "\"flow\":0.5", "\"finished\":false",
                    "\"image\":true", "\"report\":true");
            var report = served.get("/api/runs/first/report");
            assertThat(report.body()).isEqualTo("<h1>first</h1>");
            assertThat(report.headers().allValues("Content-Security-Policy")).singleElement().asString()
                    .startsWith("sandbox allow-scripts; default-src 'none'");
            assertThat(served.get("/api/runs/first/image").headers().firstValue("Content-Type")).hasValue("image/png");
            for (var path : List.of("/api/runs/other/image", "/api/runs/../image", "/api/runs/%2e%2e/image", "/api/runs/..%2f../image",
                    "/api/runs/first/recipe.yaml", "/api/runs/other/report", "/api/runs/..%2f../report", "/..%2f..%2fsecret.png",
                    "/page.css/..%2fpage.html", "/%2e%2e/%2e%2e/etc/passwd",
                    "//etc/passwd", "/api/runs/first%00/image")) {
                var said = served.raw(served.head("GET " + path, java.util.Map.of("Host", served.host())));
                assertThat(said).as(path).doesNotContain("classified", "root:").containsPattern("HTTP/1.1 40[04]");
            }
        }
    }

    @Test
    void thePageNeedsNothingFromElsewhere() throws IOException {
        try (var served = new Served()) {
            var page = served.get("/");
            assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow()).contains("default-src 'none'",
                    "script-src 'self'");
            var script = served.get("/page.js").body();
            var style = served.get("/page.css").body();
            for (var text : List.of(page.body(), script, style)) assertThat(text).doesNotContain("http:", "https:", "//cdn", "@import");
            assertThat(page.body()).doesNotContain("onclick", "style=");
            var ids = java.util.regex.Pattern.compile("byId\\('([a-z-]+)'\\)").matcher(script).results().map(result -> result.group(1))
                    .toList();
            assertThat(ids).isNotEmpty().allSatisfy(id -> assertThat(page.body()).contains("id=\"" + id + "\""));
            for (var id : List.of("prompt", "negative", "n", "seed", "width", "height", "steps", "guidance", "solver", "token"))
                assertThat(page.body()).contains("<label for=\"" + id + "\"");
            var about = served.ok(served.get("/api/model"));
            assertThat(about.at("/defaults/steps").asInt()).isEqualTo(4);
            assertThat(about.path("model_sha256").asText()).hasSize(64);
        }
    }

    @Test
    void anAddressThatIsTakenIsSaid() {
        try (var served = new Served()) {
            assertThatThrownBy(() -> ImageServer.start(served.served, ServeSettings.local(served.server.address().getPort())))
                    .isInstanceOf(UserError.class).hasMessageContaining("cannot be listened on").hasMessageContaining("--port");
        }
    }
}
