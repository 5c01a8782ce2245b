package dev.fusedit.trainer.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// What a hostile client is told, and a page of elsewhere. No image is made.
@ExtendWith(NoTensorLeaks.class)
class AccessTest {
    private static final String TOKEN = "0123456789abcdef-secret";

    private static ServeSettings settings(Optional<String> token, List<String> hosts) {
        return new ServeSettings("127.0.0.1", 0, token, hosts, ServeLimits.USUAL, Optional.empty(), true);
    }

    @Test
    void onlyItsOwnNamesAreAnswered() {
        try (var served = new Served(settings(Optional.empty(), List.of("Paint.Example")))) {
            int port = served.server.address().getPort();
            for (var host : List.of("127.0.0.1:" + port, "localhost:" + port, "localhost", "[::1]:" + port, "LOCALHOST",
                    "paint.example:80"))
                assertThat(served.raw(served.head("GET /api/model", Map.of("Host", host)))).as(host).startsWith("HTTP/1.1 200");
            for (var host : List.of("evil.example", "127.0.0.1.evil.example:" + port, "localhost.evil.example", "192.168.0.1",
                    "evil.example:" + port))
                assertThat(served.raw(served.head("GET /api/model", Map.of("Host", host)))).as(host).startsWith("HTTP/1.1 403")
                        .contains("--allow-host");
            assertThat(served.raw("GET /api/model HTTP/1.1\r\nConnection: close\r\n\r\n")).startsWith("HTTP/1.1 400");
        }
    }

    @Test
    void pagesOfElsewhereAreNotAnswered() {
        try (var served = new Served()) {
            var host = served.host();
            assertThat(served.raw(served.head("GET /api/model", Map.of("Host", host, "Origin", "http://" + host))))
                    .startsWith("HTTP/1.1 200");
            for (var origin : List.of("http://evil.example", "null", "http://127.0.0.1:1", "https://" + host + ".evil.example"))
                assertThat(served.raw(served.head("GET /api/model", Map.of("Host", host, "Origin", origin)))).as(origin)
                        .startsWith("HTTP/1.1 403")
                        .doesNotContain("Access-Control-Allow");
            assertThat(served.raw(served.head("GET /api/model", Map.of("Host", host, "Sec-Fetch-Site", "cross-site"))))
                    .startsWith("HTTP/1.1 403");
            assertThat(served.raw(served.head("GET /", Map.of("Host", host, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"))))
                    .as("a link may open the page").startsWith("HTTP/1.1 200");
            var form =
                    "POST /api/images HTTP/1.1\r\nHost: %s\r\nContent-Type: text/plain\r\nContent-Length: 15\r\nConnection: close\r\n\r\n"
                            .formatted(host) + "{\"prompt\": \"a\"}";
            assertThat(served.raw(form)).as("what a form can send").startsWith("HTTP/1.1 415");
        }
    }

    @Test
    void whereThereIsATokenItIsNeededAndNowhereSaid() {
        var settings = settings(Optional.of(TOKEN), List.of());
        assertThat(settings.toString()).doesNotContain("secret");
        try (var served = new Served(settings)) {
            for (var path : List.of("/", "/page.js", "/page.css", "/healthz", "/readyz"))
                assertThat(served.get(path).statusCode()).isEqualTo(200);
            for (var path : List.of("/api/model", "/v1/models", "/metrics", "/api/images", "/nothing")) {
                assertThat(served.get(path).statusCode()).as(path).isEqualTo(401);
                for (var wrong : List.of("Bearer x", "Bearer " + TOKEN + "x", "Basic " + TOKEN, TOKEN, "Bearer"))
                    assertThat(served.send(served.request(path).header("Authorization", wrong).build()).statusCode()).as(wrong)
                            .isEqualTo(401);
            }
            var right = served.send(served.request("/api/model").header("Authorization", "Bearer " + TOKEN).build());
            assertThat(right.statusCode()).isEqualTo(200);
            assertThat(right.body()).doesNotContain(TOKEN);
            assertThat(served.get("/api/model").headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
        }
    }

    @Test
    void elsewhereThanOnThisMachineATokenIsNeeded() {
        assertThatThrownBy(() -> new ServeSettings("0.0.0.0", 0, Optional.empty(), List.of(), ServeLimits.USUAL, Optional.empty(), true))
                .isInstanceOf(UserError.class).hasMessageContainingAll("can be reached by others", "--token", "FUSEDIT_TOKEN");
        var open = new ServeSettings("0.0.0.0", 0, Optional.of(TOKEN), List.of("paint.example"), ServeLimits.USUAL, Optional.empty(), true);
        assertThat(open.answersTo("10.1.2.3")).as("an address is nobody's to give out").isTrue();
        assertThat(open.answersTo("paint.example")).isTrue();
        assertThat(open.answersTo("evil.example")).isFalse();
        assertThatThrownBy(() -> settings(Optional.of("short"), List.of())).isInstanceOf(UserError.class)
                .hasMessageContaining("at least 16")
                .hasMessageNotContaining("short ");
        assertThatThrownBy(
                () -> new ServeSettings("[::zz]", 0, Optional.of(TOKEN), List.of(), ServeLimits.USUAL, Optional.empty(), true))
                .isInstanceOf(UserError.class).hasMessageContaining("[::zz]");
    }

    @Test
    void whatIsTooLargeOrNoRequestIsRefused() {
        try (var served = new Served()) {
            var host = served.host();
            assertThat(served.raw(served.head("GET /", Map.of("Host", host, "X-Large", "x".repeat(20_000)))))
                    .containsPattern("^(HTTP/1.1 4|closed|$)")
                    .doesNotContain("Exception");
            assertThat(served.raw(served.head("GET /" + "x".repeat(10_000), Map.of("Host", host))))
                    .containsPattern("^(HTTP/1.1 4|closed|$)");
            for (var nonsense : List.of("\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"))
                assertThat(served.raw(nonsense)).as(nonsense).doesNotContain("HTTP/1.1 2", "Exception");
            var post = "POST /api/images HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n".formatted(host);
            assertThat(served.raw(post + "Content-Length: 100000000\r\n\r\n{")).startsWith("HTTP/1.1 413");
            assertThat(served.raw(post + "Content-Length: -1\r\n\r\n{")).startsWith("HTTP/1.1 400");
            assertThat(served.raw(post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}")).startsWith("HTTP/1.1 400");
            assertThat(served
                    .raw(post + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nfffff\r\n" + "x".repeat(0xfffff) + "\r\n0\r\n\r\n"))
                    .containsPattern("^(HTTP/1.1 413|closed|$)");
            assertThat(served.raw(post + "Content-Length: 4\r\nConnection: close\r\n\r\n{\"\u00e9\"")).as("no UTF-8")
                    .startsWith("HTTP/1.1 400");
            assertThat(served.raw(post + "Connection: close\r\n\r\n")).as("no body").startsWith("HTTP/1.1 400");
            assertThat(served.raw(served.head("DELETE /api/images", Map.of("Host", host)))).startsWith("HTTP/1.1 405");
            assertThat(served.get("/healthz").statusCode()).as("it lives").isEqualTo(200);
        }
    }

    @Test
    void whoIsTooSlowIsCutOff() {
        try (var served = new Served(ServeSettings.local(0), new Connections(Duration.ofMillis(300)))) {
            var host = served.host();
            assertThat(served.raw("GET / HT")).as("half a line").doesNotContain("HTTP/1.1 2");
            assertThat(served.raw("GET / HTTP/1.1\r\nHost: %s\r\nX: y\r\n".formatted(host))).as("headers without an end").doesNotContain(
                    "HTTP/1.1 2");
            assertThat(served.raw("POST /api/images HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
                    .formatted(host))).as("a body without an end").doesNotContain("HTTP/1.1 2");
            assertThat(served.raw("GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n".formatted(host))).as("answered, then nothing more").contains(
                    "200 OK", "ok");
            served.raw("GET /healthz HTTP/1.1\r\nHost: %s\r\nX: ".formatted(host), socket -> { // a byte now and then
                try {
                    while (true) {
                        socket.getOutputStream().write("x".getBytes(StandardCharsets.UTF_8));
                        Thread.sleep(50);
                    }
                } catch (IOException _) { // cut off
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(served.get("/healthz").statusCode()).isEqualTo(200);
        }
    }
}
