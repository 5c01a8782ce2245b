package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What is refused before any model is looked for, and the process's life; `ImageServerTest` asks for images.
class ServeCommandTest {
    private static final String TOKEN = "0123456789abcdef-secret";

    @TempDir
    Path temp;

    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Main.run(arguments, new PrintWriter(new StringWriter(), true), new PrintWriter(err, true));
    }

    @ParameterizedTest
    @CsvSource({"--queue, 0", "--max-images, -1", "--max-side, 0", "--max-steps, 0", "--max-text, 0", "--port, 70000", "--steps, 0",
        "--host, 0.0.0.0", "--runs, nowhere", "--token, nowhere", "--host, [::zz]"})
    void whatCannotBeIsRefused(String option, String value) {
        assertThat(run("serve", "--model", "none", option, value)).isEqualTo(2);
        assertThat(err.toString()).contains(option.equals("--token") ? value : option).doesNotContain("Exception");
    }

    @Test
    void aTokenIsReadFromAFileAndNeverSaid() throws IOException {
        var file = Files.writeString(temp.resolve("token"), TOKEN + "\n");
        assertThat(run("serve", "--model", temp.resolve("none").toString(), "--host", "0.0.0.0", "--token", file.toString())).isEqualTo(2);
        assertThat(err.toString()).as("only the model is missing").contains("none").doesNotContain("secret");
        assertThat(run("serve", "--model", "none", "--token", Files.writeString(temp.resolve("empty"), "\n").toString())).isEqualTo(2);
        assertThat(err.toString()).contains("is empty");
    }

    @Test
    @Tag("long")
    void aSignalLetsItFinishWhatWaits() throws Exception {
        var model = temp.resolve("model").toString();
        assertThat(run("train", "tests/minimal", "--out", model)).as(err.toString()).isZero();
        var process = new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), "dev.fusedit.cli.Main", "serve",
                "--model", model,
                "--port", "0")).redirectError(temp.resolve("err").toFile()).start();
        try (var out = new BufferedReader(process.inputReader()); var http = HttpClient.newHttpClient()) {
            var address = URI.create(out.readLine());
            var request = HttpRequest.newBuilder(address.resolve("/api/images")).header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\": \"a red circle\", \"n\": 10, \"steps\": 100}")).build();
            var answer = http.sendAsync(request, HttpResponse.BodyHandlers.ofString());
            TimeUnit.MILLISECONDS.sleep(300);
            process.destroy(); // SIGTERM
            assertThat(answer.join().statusCode()).isEqualTo(200);
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
            assertThat(Files.readString(temp.resolve("err"))).contains("Stopping").doesNotContain("Exception");
        } finally {
            process.destroyForcibly();
        }
    }
}
