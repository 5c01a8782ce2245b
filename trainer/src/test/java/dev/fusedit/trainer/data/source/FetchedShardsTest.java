package dev.fusedit.trainer.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.shards.HttpPatience;
import dev.fusedit.trainer.data.shards.ShardFiles;
import dev.fusedit.trainer.data.shards.ShardServer;
import dev.fusedit.trainer.data.shards.ShardSettings;
import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The same samples wherever shards come from.
class FetchedShardsTest {
    private static final String[] NAMES = {"shard-000.tar", "shard-001.tar", "shard-002.tar"};

    private final List<String> told = new ArrayList<>();
    private ShardServer server;

    @TempDir
    private Path temp;

    @BeforeEach
    void packed() throws IOException {
        server = new ShardServer();
        for (var name : NAMES) {
            var tar = Files.readAllBytes(WebDatasetGoldens.file(name));
            Files.write(temp.resolve(name), tar);
            Files.write(temp.resolve(name + ".gz"), ShardFiles.gzip(tar));
            Files.write(temp.resolve(name + ".zst"), ShardFiles.zstd(tar));
            server.with("/" + name, ShardServer.file(tar, "\"" + name + "\""));
            server.with("/" + name + ".gz", ShardServer.plain(ShardFiles.gzip(tar)));
        }
    }

    @AfterEach
    void close() throws IOException { server.close(); }

    private TarShards open(String pattern, long limit) {
        return TarShards.open(List.of(pattern), "", 2,
                new ShardSettings(temp.resolve("cache/shards"), limit, new HttpPatience(3, Duration.ofSeconds(20), Duration.ofMillis(1)),
                        Pipes.ALLOWED, told::add));
    }

    private TarShards open(String pattern) { return open(pattern, 1 << 24); }

    private List<String> patterns() {
        var numbers = "shard-{000..002}.tar";
        return List.of(temp + "/" + numbers, temp + "/" + numbers + ".gz", temp + "/" + numbers + ".zst", server.url("/" + numbers),
                server.url("/" + numbers + ".gz"), "pipe:cat " + temp + "/" + numbers + "::", "pipe:gzip -c " + temp + "/" + numbers,
                temp + "/shard-000.tar.zst::" + server.url("/shard-{001..001}.tar") + "::pipe:zcat " + temp + "/shard-002.tar.gz");
    }

    @Test
    void samplesAndDigestsDoNotDependOnWhereTheyComeFrom() throws BadSample {
        try (var plain = open(temp + "/shard-{000..002}.tar")) {
            for (var each : patterns()) {
                var pattern = each.replaceFirst("::$", "");
                try (var source = open(pattern)) {
                    assertThat(source.digest()).as(pattern).isEqualTo(plain.digest());
                    assertThat(source.samplesOfShards()).isEqualTo(plain.samplesOfShards());
                    assertThat(source.isFetched()).isEqualTo(!pattern.equals(plain.place()));
                    for (int i = 0; i < plain.size(); i++) {
                        assertThat(source.image(i)).isEqualTo(plain.image(i));
                        assertThat(source.texts(i)).isEqualTo(plain.texts(i));
                    }
                }
            }
        }
    }

    @Test
    void namesOfSamplesThatComeTwiceDoNotDependOnThePacking() {
        var plain = temp.resolve("shard-000.tar").toString();
        try (var twice = open(plain + "::" + plain);
                var packed = open(plain + "::" + plain + ".gz");
                var piped = open(plain + "::pipe:cat " + plain)) {
            assertThat(packed.digest()).isEqualTo(twice.digest());
            assertThat(piped.digest()).isEqualTo(twice.digest());
        }
    }

    @Test
    void packedFilesOfAFolderAreFoundAndDoublesRefused() throws IOException {
        var folder = Files.createDirectories(temp.resolve("set"));
        Files.copy(temp.resolve("shard-000.tar.gz"), folder.resolve("a.tgz"));
        Files.copy(temp.resolve("shard-001.tar.zst"), folder.resolve("b.tar.zst"));
        try (var source = open(folder.toString())) {
            assertThat(source.samplesOfShards()).hasSize(2);
        }
        Files.copy(temp.resolve("shard-000.tar"), folder.resolve("a.tar"));
        assertThatThrownBy(() -> open(folder.toString())).hasMessageContaining("both a.t");
    }

    @Test
    void damagedPackingIsAProblemOfThatShardAlone() throws IOException {
        var whole = Files.readAllBytes(temp.resolve("shard-000.tar.gz"));
        Files.write(temp.resolve("cut.tar.gz"), Arrays.copyOf(whole, whole.length * 2 / 3));
        try (var source = open(temp + "/cut.tar.gz::" + temp + "/shard-001.tar.gz")) {
            assertThat(source.problems()).extracting(Problem::cause).containsExactly(Cause.BROKEN_SHARD);
            assertThat(source.problems().getFirst().sample()).isEqualTo("cut.tar.gz");
            assertThat(source.samplesOfShards().getFirst()).isNotEmpty().hasSizeLessThan(3);
            assertThat(source.samplesOfShards().getLast()).isNotEmpty();
        }
        var lie = Files.readAllBytes(temp.resolve("shard-000.tar"));
        server.with("/short.tar", ShardServer.said(lie, lie.length / 2, ""));
        try (var source = open(server.url("/short.tar"))) {
            assertThat(source.problems()).extracting(Problem::cause).containsExactly(Cause.BROKEN_SHARD);
        }
    }

    @Test
    void anIndexIsMadeOnceAndOutlivesTheCopy() throws IOException {
        var pattern = server.url("/shard-{000..002}.tar");
        open(pattern).close();
        try (var copies = Files.newDirectoryStream(temp.resolve("cache/shards"), "*.tar")) {
            for (var copy : copies) Files.delete(copy);
        }
        long before = server.downloads();
        try (var source = open(pattern)) {
            assertThat(source.size()).isEqualTo(10);
            assertThat(server.downloads()).as("only asked whether they have changed").isEqualTo(before);
            assertThat(SourceScan.of(source, CaptionRule.usual(source), ImageDecoding.REFERENCE, 2, _ -> {}).good()).isNotEmpty();
            assertThat(server.downloads()).isEqualTo(before + 3);
        }
        try (var indexes = Files.newDirectoryStream(temp.resolve("cache/indexes"))) {
            for (var index : indexes) Files.writeString(index, "{\"key\": \"x\", \"fields\": {\"jpg\": [0, 1]}}\n");
        }
        try (var source = open(pattern)) {
            assertThat(source.size()).as("an index that is not whole is none").isEqualTo(10);
        }
    }

    @Test
    void whatDoesNotFitTheCacheIsReadAllTheSameAndTold() throws BadSample, IOException {
        long limit = Files.size(temp.resolve("shard-000.tar")) * 3 / 2;
        try (var plain = open(temp + "/shard-{000..002}.tar"); var source = open(server.url("/shard-{000..002}.tar"), limit)) {
            assertThat(told).hasSize(1).allMatch(line -> line.contains("data.cache.limit"));
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < plain.size(); i++) {
                    source.expect((i + 3) % plain.size(), 3);
                    assertThat(source.image(i)).isEqualTo(plain.image(i));
                }
            }
            source.keep(0);
            source.image(0);
            source.image(plain.size() - 1);
            long before = server.downloads();
            assertThat(source.image(0)).isEqualTo(plain.image(0));
            assertThat(server.downloads()).as("kept in memory").isEqualTo(before);
        }
    }
}
