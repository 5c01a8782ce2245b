package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.luben.zstd.ZstdOutputStream;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.trainer.log.PngImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class FetchedShardsCommandTest {
    private static final int SHARDS = 3, SAMPLES = 8;

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

    @BeforeEach
    void shards() throws IOException {
        for (int i = 0; i < SHARDS; i++) {
            var tar = tar(i);
            Files.write(temp.resolve("a-%d.tar".formatted(i)), tar);
            try (var gzip = new GZIPOutputStream(Files.newOutputStream(temp.resolve("a-%d.tar.gz".formatted(i))));
                    var zstd = new ZstdOutputStream(Files.newOutputStream(temp.resolve("a-%d.tar.zst".formatted(i))))) {
                gzip.write(tar);
                zstd.write(tar);
            }
        }
        server = SimpleFileServer.createFileServer(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), temp.toRealPath(),
                SimpleFileServer.OutputLevel.NONE);
        server.start();
    }

    private static byte[] tar(int shard) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(bytes)) {
            for (int i = SAMPLES * shard; i < SAMPLES * (shard + 1); i++) {
                var rgb = new byte[3 * 40 * 40];
                new Random(i).nextBytes(rgb);
                member(tar, "%04d.png".formatted(i), new PngImage(40, 40, rgb).png());
                member(tar, "%04d.txt".formatted(i), ("picture " + i).getBytes(StandardCharsets.UTF_8));
            }
        }
        return bytes.toByteArray();
    }

    private static void member(TarArchiveOutputStream tar, String name, byte[] bytes) throws IOException {
        var entry = new TarArchiveEntry(name);
        entry.setSize(bytes.length);
        tar.putArchiveEntry(entry);
        tar.write(bytes);
        tar.closeArchiveEntry();
    }

    @AfterEach
    void stop() { server.stop(0); }

    private String url(String name) { return "http://localhost:%d/%s".formatted(server.getAddress().getPort(), name); }

    /// Seconds long, over the shards alone.
    private String recipe(String shards) throws IOException {
        return Files.writeString(temp.resolve("small.yaml"), """
                run: {name: small, seed: 1, precision: f32, lanes: 2}
                model:
                  llm: {width: 16, layers: 2, heads: 2, kv_heads: 1, head_width: 8, mlp_width: 32, max_tokens: 16, tokenizer: bytes}
                  dit: {width: 16, layers: 2, mlp_width: 32, patch: 8, channels: 3}
                  prediction: clean
                data: {kind: webdataset, shards: ['%s'], picture: png, image_size: 32, block: 4}
                stages:
                  - {name: joint, steps: 6, batch: 4, lr: {dit: 1e-3, llm: 1e-4}, losses: {flow: {}}}
                sampling: {steps: 2}
                """.formatted(shards.replace("'", "''"))).toString();
    }

    @Test
    void weightsDoNotDependOnWhereShardsComeFromNorOnTheCache() throws IOException {
        var recipe = recipe("x.tar");
        long limit = Files.size(temp.resolve("a-0.tar")) * 3 / 2 / 1024;
        var sources = new LinkedHashMap<String, String>();
        sources.put("plain", temp + "/a-{0..2}.tar");
        sources.put("packed", temp + "/a-{0..0}.tar.gz::" + temp + "/a-{1..2}.tar.zst");
        sources.put("http", url("a-{0..2}.tar.gz"));
        sources.put("pipe", "pipe:cat '%1$s'/a-{0..1}.tar::pipe:zcat '%1$s'/a-2.tar.gz".formatted(temp));
        var hashes = new TreeMap<String, String>();
        for (var source : sources.entrySet()) {
            var folder = temp.resolve("run-" + source.getKey()).toString();
            assertThat(run("train", recipe, "--max-steps", "4", "--out", folder, "--set",
                    "data.shards=['" + source.getValue().replace("'", "''") + "']", "--set",
                    "data.cache.limit=" + (source.getKey().equals("http") ? limit + "K" : "1G"), "--allow-pipe"))
                    .as(source.getKey() + err).isZero();
            assertThat(run("info", folder, "--hash", "--json")).isZero();
            hashes.put(source.getKey(), new ObjectMapper().readTree(out.toString()).findValue("sha256").asText());
        }
        assertThat(hashes.values()).hasSize(sources.size()).doesNotContain("").allMatch(hash -> hash.equals(hashes.get("plain")));
    }

    @Test
    void aRecipeAloneRunsNoCommand() throws IOException {
        var made = temp.resolve("my.yaml").toString();
        var source = "pipe:touch '%1$s/ran'; cat '%1$s'/a-{0..2}.tar".formatted(temp);
        assertThat(run("recipe", "new", "--from", source, "--out", made)).isEqualTo(2);
        assertThat(run("data", "audit", source)).isEqualTo(2);
        assertThat(run("data", "show", source, "--out", temp.resolve("x.png").toString())).isEqualTo(2);
        assertThat(err.toString()).contains("--allow-pipe");
        assertThat(temp.resolve("ran")).doesNotExist();
        assertThat(run("recipe", "new", "--from", source, "--out", made, "--allow-pipe")).as(err.toString()).isZero();
        assertThat(out.toString()).contains("my.yaml --allow-pipe");
        var recipe = recipe(source);
        assertThat(run("recipe", "check", recipe)).as(err.toString()).isZero();
        assertThat(run("train", recipe, "--max-steps", "1", "--out", temp.resolve("run").toString())).isEqualTo(2);
        assertThat(err.toString()).contains("--allow-pipe").doesNotContain("\tat ");
        assertThat(run("train", recipe, "--max-steps", "1", "--out", temp.resolve("run").toString(), "--allow-pipe")).as(err.toString())
                .isZero();
        assertThat(out.toString()).as("how to go on").contains("--allow-pipe");
        var measured = temp.resolve("measured");
        assertThat(run("eval", "--model", temp.resolve("run").toString(), "--suite", "blocks,loss", "--out", measured.toString()))
                .isEqualTo(2);
        assertThat(err.toString()).contains("images of a person's own: give some that it has not seen by --captioned");
        assertThat(measured).as("said before anything is sampled").doesNotExist();
    }

    @Test
    void theWebIsAuditedShownAndMadeARecipeOf() throws IOException {
        assertThat(run("data", "audit", url("a-{0..2}.tar.gz"), "--json")).as(err.toString()).isZero();
        assertThat(new ObjectMapper().readTree(out.toString()).get("ok").asInt()).isEqualTo(SHARDS * SAMPLES);
        assertThat(run("data", "show", url("a-{0..2}.tar"), "--out", temp.resolve("x.png").toString())).isZero();
        assertThat(temp.resolve("x.png")).isNotEmptyFile();
        assertThat(run("recipe", "new", "--from", url("a-{0..2}.tar"), "--out", temp.resolve("my.yaml").toString())).isZero();
        assertThat(Files.readString(temp.resolve("my.yaml"))).contains(url("a-{0..2}.tar"), "samples: 24");
        assertThat(run("data", "audit", url("a-{0..3}.tar"))).isEqualTo(2);
        assertThat(err.toString()).contains("/a-3.tar", "404");
        assertThat(run("data", "audit", "s3://bucket/a.tar")).isEqualTo(2);
        assertThat(err.toString()).contains("pipe:aws s3 cp");
    }
}
