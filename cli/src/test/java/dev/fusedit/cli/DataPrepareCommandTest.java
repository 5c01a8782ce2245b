package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.hash.Hashing;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.trainer.data.image.JpegEncoder;
import dev.fusedit.trainer.data.image.RgbImage;
import dev.fusedit.trainer.data.prepare.PartScheduler;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// The commands from metadata to a model; what they meet on the way is tried by `PreparationTest` and `FetcherTest`.
@ExtendWith(NoTensorLeaks.class)
class DataPrepareCommandTest {
    private static final int ROWS = 40;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private HttpServer server;

    @TempDir
    private Path temp;

    private int run(String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    /// Every tenth image is missing, every tenth small by the metadata.
    @BeforeEach
    void fortyRows() throws IOException, SQLException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", DataPrepareCommandTest::answer);
        server.start();
        try (var connection = DriverManager.getConnection("jdbc:duckdb:"); var statement = connection.createStatement()) {
            statement.execute("""
                    COPY (SELECT range AS id, 'http://127.0.0.1:%d/' || range || '.jpg' AS url, 'picture ' || range || ' of waves' AS "text",
                    CASE WHEN range %% 10 = 5 THEN 50 ELSE 300 END::INTEGER AS width, width AS height, NULL::VARCHAR AS image_phash,
                    19::INTEGER AS text_length, 4::INTEGER AS word_count, 4::INTEGER AS num_tokens_bert, 4::INTEGER AS num_tokens_gpt,
                    0::INTEGER AS num_faces, .3::FLOAT AS clip_similarity_vitb32, .3::FLOAT AS clip_similarity_vitl14,
                    .1::FLOAT AS nsfw_score_opennsfw2, .1::FLOAT AS nsfw_score_gantman, .1::FLOAT AS watermark_score,
                    5::FLOAT AS aesthetic_score_laion_v2 FROM range(%d)) TO '%s' (FORMAT parquet, COMPRESSION snappy)"""
                    .formatted(server.getAddress().getPort(), ROWS, temp.resolve("part-0.parquet")));
        }
    }

    @AfterEach
    void stop() { server.stop(0); }

    private static void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            var path = exchange.getRequestURI().getPath();
            if (path.equals("/robots.txt") || path.endsWith("0.jpg")) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            var rgb = new byte[3 * 80 * 80];
            new Random(path.hashCode()).nextBytes(rgb);
            var jpeg = JpegEncoder.encode(new RgbImage(80, 80, rgb), 80);
            exchange.getResponseHeaders().set("Content-Type", "image/jpeg");
            exchange.sendResponseHeaders(200, jpeg.length);
            exchange.getResponseBody().write(jpeg);
        }
    }

    private String[] prepare(Path folder, String... more) {
        var args = new java.util.ArrayList<>(java.util.List.of("data", "prepare", "coyo", "--metadata", temp + "/part-*.parquet", "--out",
                folder.toString(), "--rows-per-shard", "16"));
        args.addAll(java.util.List.of(more));
        return args.toArray(String[]::new);
    }

    @Test
    void fromMetadataToATrainedModel() throws IOException {
        var set = temp.resolve("set");
        assertThat(run(prepare(set, "--allow-private", "--min-size", "60", "--json"))).as(err.toString()).isZero();
        var json = new ObjectMapper().readTree(out.toString());
        assertThat(json.get("rows").asInt()).isEqualTo(ROWS);
        assertThat(json.get("ok").asInt()).isEqualTo(32);
        assertThat(json.get("causes")).isEqualTo(new ObjectMapper().readTree("{\"http-status\": 4, \"size\": 4}"));
        assertThat(json.get("whole").asBoolean()).isTrue();
        assertThat(set.toFile().list()).contains("00000.tar", "00002.parquet", "00002_stats.json", "README.md");
        assertThat(run("data", "audit", set.toString(), "--json")).as(out.toString()).isZero();
        assertThat(new ObjectMapper().readTree(out.toString()).get("ok").asInt()).isEqualTo(32);
        var recipe = temp.resolve("my.yaml").toString();
        assertThat(run("recipe", "new", "--from", set.toString(), "--out", recipe)).as(err.toString()).isZero();
        assertThat(run(DataCommandTest.with(DataCommandTest.SMALL, "train", recipe, "--max-steps", "1", "--out",
                temp.resolve("run").toString(), "--set", "data.image_size=16"))).as(err.toString()).isZero();
        assertThat(run("data", "forget", set.toString(), "--url", "http://127.0.0.1:" + server.getAddress().getPort() + "/1.jpg")).isZero();
        assertThat(out.toString()).contains("1 rows in 1 shards");
        assertThat(run("data", "audit", set.toString(), "--json")).isZero();
        assertThat(new ObjectMapper().readTree(out.toString()).get("ok").asInt()).isEqualTo(31);
    }

    @Test
    void everySizeAndFewRows() throws IOException {
        var set = temp.resolve("set");
        assertThat(run(prepare(set, "--allow-private", "--min-size", "0", "--max-rows", "20", "--part", "1/2"))).isZero();
        assertThat(out.toString()).contains("4 rows are images", "other parts are not done");
        assertThat(run(prepare(set, "--allow-private", "--min-size", "0", "--max-rows", "20", "--part", "2/2"))).isZero();
        assertThat(Files.readString(set.resolve("README.md"))).contains("18 images", "| http-status | 2 |");
        assertThat(run(prepare(set, "--allow-private", "--min-size", "0", "--max-rows", "30"))).isEqualTo(2);
        assertThat(err.toString()).contains("was begun with rows 20, not 30");
    }

    /// Of a build with Spark (`-Pspark`) alone.
    @Test
    void sparkMakesTheSameShards() throws IOException {
        var hasSpark = ServiceLoader.load(PartScheduler.class).findFirst().isPresent();
        var scheduled = temp.resolve("scheduled");
        var options = new String[] {"--allow-private", "--min-size", "60"};
        var exit = run(prepare(scheduled, with(options, "--spark", "local[2]")));
        if (!hasSpark) {
            assertThat(exit).isEqualTo(2);
            assertThat(err.toString()).contains("FUSEDIT_MAVEN_ARGS=-Pspark");
        }
        assumeTrue(hasSpark);
        assertThat(exit).as(err.toString()).isZero();
        var alone = temp.resolve("alone");
        assertThat(run(prepare(alone, options))).isZero();
        assertThat(hashes(scheduled)).isEqualTo(hashes(alone)).containsKeys("00002.tar", "README.md");
        assertThat(run(prepare(scheduled, with(options, "--spark", "local[2]", "--part", "1/2")))).isEqualTo(2);
        assertThat(run(prepare(scheduled, with(options, "--spark", "local[2]", "--max-rows", "8")))).isEqualTo(2);
        assertThat(err.toString()).contains("was begun with rows 40, not 8");
    }

    private static String[] with(String[] options, String... more) {
        return Stream.concat(Arrays.stream(options), Arrays.stream(more)).toArray(String[]::new);
    }

    private static Map<String, String> hashes(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            var hashes = new TreeMap<String, String>();
            for (var file : files.filter(file -> !file.getFileName().toString().startsWith(".")).toList())
                hashes.put(file.getFileName().toString(), Hashing.sha256().hashBytes(Files.readAllBytes(file)).toString());
            return hashes;
        }
    }

    @Test
    void loopbackIsNotAskedUnlessItIsAllowed() throws IOException {
        assertThat(run(prepare(temp.resolve("set"), "--min-size", "0", "--json"))).isZero();
        assertThat(err.toString()).contains("--contact");
        var json = new ObjectMapper().readTree(out.toString());
        assertThat(json.get("ok").asInt()).isZero();
        assertThat(json.get("causes").get("private-address").asInt()).isEqualTo(ROWS);
    }

    @Test
    void aDryRunCounts() throws IOException {
        assertThat(run(prepare(temp.resolve("set"), "--dry-run", "--json", "--min-aesthetic", "6", "--language", "en"))).isZero();
        assertThat(new ObjectMapper().readTree(out.toString())).isEqualTo(new ObjectMapper().readTree("""
                {"rows": 40, "causes": {"aesthetic": 36, "size": 4}, "to_fetch": 0}"""));
        assertThat(temp.resolve("set")).doesNotExist();
    }

    @Test
    void wrongOptionsAreNamed() {
        assertThat(run(prepare(temp.resolve("set"), "--part", "3/2"))).isEqualTo(2);
        assertThat(run(prepare(temp.resolve("set"), "--language", "xx"))).isEqualTo(2);
        assertThat(err.toString()).contains("--language xx");
        assertThat(run("data", "prepare", "laion", "--metadata", "x", "--out", "y")).isEqualTo(2);
        assertThat(err.toString()).contains("coyo");
        assertThat(run("data", "forget", temp.toString(), "--url", "http://a.test/")).isEqualTo(2);
        assertThat(run("data", "forget", temp.toString())).isEqualTo(2);
    }
}
