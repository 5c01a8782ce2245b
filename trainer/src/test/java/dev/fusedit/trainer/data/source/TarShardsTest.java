package dev.fusedit.trainer.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import com.google.common.primitives.Longs;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.shards.HttpPatience;
import dev.fusedit.trainer.data.shards.ShardAddress;
import dev.fusedit.trainer.data.shards.ShardSettings;
import dev.fusedit.trainer.data.shards.ShardStore;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TarShardsTest {
    @TempDir
    private Path temp;

    private TarShards open(String pattern, String image) {
        return TarShards.open(List.of(pattern), image, TarShards.BLOCK, settings());
    }

    private ShardSettings settings() {
        return new ShardSettings(temp.resolve("cache/shards"), ShardSettings.USUAL_LIMIT, HttpPatience.USUAL, ShardSettings.Pipes.REFUSED,
                _ -> {});
    }

    @ParameterizedTest
    @ValueSource(strings = {"shard-000.tar", "shard-001.tar", "shard-002.tar", "oddnames.tar", "truncated.tar", "duplicate.tar"})
    void samplesAreThoseThatWebDatasetFinds(String name) throws IOException {
        var file = WebDatasetGoldens.file(name);
        var index = TarIndex.of(file);
        var golden = WebDatasetGoldens.expected().get("raw").get(name).get("samples");
        assertThat(index.samples()).extracting(TarIndex.Sample::key)
                .isEqualTo(WebDatasetGoldens.texts(golden.findValue("key") == null ? golden : keys(golden)));
        for (int i = 0; i < golden.size(); i++) {
            var sample = index.samples().get(i);
            assertThat(sample.names()).containsExactlyElementsOf(ImmutableList.copyOf(golden.get(i).get("fields").fieldNames()));
            for (var field : golden.get(i).get("fields").properties()) {
                assertThat(Hashing.sha256().hashBytes(bytes(file, sample.place(sample.names().indexOf(field.getKey())))).toString())
                        .as(field.getKey())
                        .isEqualTo(field.getValue().get("sha256").asText());
            }
        }
    }

    private static com.fasterxml.jackson.databind.JsonNode keys(com.fasterxml.jackson.databind.JsonNode samples) {
        var keys = com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.arrayNode();
        samples.forEach(sample -> keys.add(sample.get("key").asText()));
        return keys;
    }

    private static byte[] bytes(Path file, TarIndex.Place place) throws IOException {
        try (var in = new RandomAccessFile(file.toFile(), "r")) {
            in.seek(place.begin());
            var bytes = new byte[(int) place.bytes()];
            in.readFully(bytes);
            return bytes;
        }
    }

    /// What is kept of a shard between runs says the same as the shard; damaged, it is made anew.
    @ParameterizedTest
    @ValueSource(strings = {"shard-000.tar", "oddnames.tar", "truncated.tar", "duplicate.tar"})
    void aKeptIndexSaysTheSame(String name) throws IOException {
        var address = List.<ShardAddress>of(new ShardAddress.Local(WebDatasetGoldens.file(name)));
        try (var store = new ShardStore(settings())) {
            var indexes = new TarIndexes(store, temp.resolve("indexes"));
            var made = told(indexes.of(address).getFirst().index());
            var file = temp.resolve("indexes").resolve(temp.resolve("indexes").toFile().list()[0]);
            var bytes = Files.readAllBytes(file);
            assertThat(told(indexes.of(address).getFirst().index())).isEqualTo(made);
            for (int cut : new int[] {0, 3, bytes.length / 2, bytes.length - 1}) {
                Files.write(file, Arrays.copyOf(bytes, cut));
                assertThat(told(indexes.of(address).getFirst().index())).isEqualTo(made);
                assertThat(file).hasBinaryContent(bytes);
            }
            bytes[bytes.length / 2] ^= 1;
            Files.write(file, bytes);
            assertThat(told(indexes.of(address).getFirst().index())).isEqualTo(made);
        }
    }

    private static List<Object> told(TarIndex index) {
        var told = new ArrayList<Object>();
        told.add(index.others());
        told.add(String.valueOf(index.broken()));
        index.samples().forEach(sample -> told.add(List.of(sample.key(), sample.names(), Longs.asList(sample.places()))));
        return told;
    }

    @Test
    void whatEndsEarlyIsSaid() throws IOException {
        assertThat(TarIndex.of(WebDatasetGoldens.file("shard-000.tar")).broken()).isNull();
        assertThat(TarIndex.of(WebDatasetGoldens.file("truncated.tar")).broken()).isNotNull();
        assertThat(TarIndex.of(WebDatasetGoldens.file("truncated_in_data.tar")).broken()).contains("000001");
        assertThat(TarIndex.of(WebDatasetGoldens.file("duplicate.tar")).broken()).contains("twice");
    }

    @Test
    void allShardsTogetherAreScanned() throws IOException {
        try (var source = open(WebDatasetGoldens.file("shard-{000..002}.tar").toString(), "")) {
            assertThat(source.size()).isEqualTo(10);
            var scan = SourceScan.of(source, CaptionRule.firstOf(List.of("synthetic_caption.txt", "original_caption.txt")),
                    ImageDecoding.REFERENCE, 2, _ -> {});
            assertThat(scan.problems()).extracting(Problem::cause).containsExactly(Cause.BROKEN_IMAGE);
            assertThat(scan.good()).extracting(SampleFacts::caption).contains("original caption 000011", "synthetic caption 000000 — 猫");
        }
    }

    @Test
    void whatIsNoTarIsCalledWhatItIs() throws IOException {
        var png = Files.write(temp.resolve("a.tar"), new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10});
        assertThatThrownBy(() -> open(png.toString(), "")).isInstanceOf(UserError.class).hasMessageContaining("PNG");
        try (var store = new ShardStore(settings())) {
            assertThatThrownBy(() -> store.find(new ShardAddress.Local(temp))).isInstanceOf(UserError.class)
                    .hasMessageContaining("is a folder");
        }
        assertThatThrownBy(() -> open(temp.resolve("none.tar").toString(), "")).isInstanceOf(UserError.class)
                .hasMessageContaining("no such file");
        try (var empty = open(Files.write(temp.resolve("empty.tar"), new byte[0]).toString(), "")) {
            assertThat(empty.size()).isZero();
        }
    }

    @Test
    void aKeyThatComesBackIsAnotherSample() {
        var shard = WebDatasetGoldens.file("shard-000.tar").toString();
        try (var source = open(shard + "::" + shard, "image.jpg")) {
            var keys = new ArrayList<String>();
            for (int i = 0; i < source.size(); i++) keys.add(source.key(i));
            assertThat(keys).hasSize(6).doesNotHaveDuplicates();
        }
    }
}
