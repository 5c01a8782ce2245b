package dev.fusedit.trainer.data.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.fetch.FetchRules;
import dev.fusedit.trainer.data.fetch.HostileSite;
import dev.fusedit.trainer.data.shards.ShardSettings;
import dev.fusedit.trainer.data.source.BadSample;
import dev.fusedit.trainer.data.source.TarShards;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The sets that are published as archives or as lines of JSON, as small ones of their forms.
class ArchivedSetsTest {
    @TempDir
    private Path temp;

    private static PrepareRequest request(String set, Path metadata, List<String> images, Path out, int rowsPerShard, Part part) {
        var fetch = new FetchRules("", 8, 8, 1, Duration.ofMillis(2), Duration.ofSeconds(20), 1_000_000, true, _ -> false);
        return new PrepareRequest(Filters.of(PublishedSets.named(set), Map.of("min-size", 48.0)), List.of(metadata.toString()), images, out,
                Long.MAX_VALUE, "", rowsPerShard, 2, part, new ImageRules(56, 95, 1_000_000, 5), fetch, BlockedHashes.NONE);
    }

    private static Map<String, Long> prepare(PrepareRequest request) throws InterruptedException {
        try (var preparation = Preparation.open(request)) {
            return preparation.run((_, _) -> {}).part().counts();
        }
    }

    /// Packed if its name says so.
    private static Path tar(Path file, Map<String, byte[]> members) throws IOException {
        Files.createDirectories(file.getParent());
        OutputStream to = Files.newOutputStream(file);
        try (var tar = new TarArchiveOutputStream(file.toString().endsWith("gz") ? new GZIPOutputStream(to) : to)) {
            for (var member : members.entrySet()) {
                var entry = new TarArchiveEntry(member.getKey());
                entry.setSize(member.getValue().length);
                tar.putArchiveEntry(entry);
                tar.write(member.getValue());
                tar.closeArchiveEntry();
            }
        }
        return file;
    }

    private static byte[] text(String text) { return text.getBytes(StandardCharsets.UTF_8); }

    /// Texts by key.
    private static Map<String, Map<String, String>> texts(Path out) throws BadSample {
        var texts = new TreeMap<String, Map<String, String>>();
        try (var shards =
                TarShards.open(List.of(out.toString()), "", TarShards.BLOCK, ShardSettings.ofUser(ShardSettings.Pipes.REFUSED, _ -> {}))) {
            for (int i = 0; i < shards.size(); i++) texts.put(shards.key(i), shards.texts(i));
        }
        return texts;
    }

    private static Map<String, String> hashes(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            var hashes = new TreeMap<String, String>();
            for (var file : files.filter(file -> !file.getFileName().toString().startsWith(".")).toList())
                hashes.put(file.getFileName().toString(), Hashing.sha256().hashBytes(Files.readAllBytes(file)).toString());
            return hashes;
        }
    }

    /// As Meta and PixArt-α's authors publish them; of five images one has no text, one is cut, and one text has no image.
    private Path segmentAnything() throws IOException {
        var images = IntStream.range(0, 5).boxed().collect(Collectors.toMap(i -> i, HostileSite::image));
        images.put(3, Arrays.copyOf(images.get(3), 500));
        for (int archive = 0; archive < 2; archive++) {
            var members = new LinkedHashMap<String, byte[]>();
            for (int i = archive * 3; i < Math.min(5, archive * 3 + 3); i++) {
                members.put("./sa_" + i + ".jpg", images.get(i));
                members.put("./sa_" + i + ".json", text("{\"annotations\": []}"));
            }
            tar(temp.resolve("images/sa_00000" + archive + ".tar"), members);
        }
        var texts = new LinkedHashMap<String, byte[]>();
        for (int i : new int[] {9, 4, 3, 1, 0}) texts.put("./sa_" + i + ".txt", text("image " + i + " of a thing"));
        return tar(temp.resolve("SA1B_caption.tar.gz"), texts);
    }

    @Test
    void imagesOfArchivesGetTheTextsOfTheirNames() throws Exception {
        var out = temp.resolve("out");
        assertThat(prepare(request("sa-1b", segmentAnything(), List.of(temp.resolve("images").toString()), out, 2, Part.ALL)))
                .isEqualTo(Map.of("success", 3L, "no-caption", 1L, "broken-image", 1L));
        assertThat(texts(out))
                .isEqualTo(Map.of("000000", Map.of("txt", "image 0 of a thing"), "000001", Map.of("txt", "image 1 of a thing"),
                        "000020", Map.of("txt", "image 4 of a thing")));
        assertThat(out.resolve("README.md")).content().contains("SA-1B", "research licence", "| broken-image | 1 |");
        assertThat(Forgetting.url(out, "sa_000001.tar/sa_4.jpg")).isEqualTo(new Forgetting.Result(1, 1));
        assertThat(texts(out)).doesNotContainKey("000020");
    }

    private Path journeyDb() throws IOException {
        var lines = new StringBuilder();
        for (int archive = 0; archive < 2; archive++) {
            var members = new LinkedHashMap<String, byte[]>();
            for (int i = archive * 5; i < archive * 5 + 5; i++) {
                members.put("00" + archive + "/a-" + i + ".jpg", HostileSite.image(i));
                lines.append(
                        "{\"img_path\": \"./00%d/a-%d.jpg\", \"prompt\": \"prompt %d --ar 3:2\", \"Task2\": {\"Caption\": \"text %d\"}, \"Task3\": 1}\n"
                                .formatted(archive, i, i, i));
            }
            tar(temp.resolve("imgs/00" + archive + ".tgz"), members);
        }
        lines.append("{\"img_path\": \"./000/a-1.jpg\", \"prompt\": \"once more\", \"Task2\": null}\n");
        return tar(temp.resolve("train_anno_realease_repath.jsonl.tgz"),
                Map.of("train_anno_realease_repath.jsonl", text(lines.toString())));
    }

    @Test
    void packedArchivesAreReadByAnyNumberOfProcesses() throws Exception {
        var annotations = journeyDb();
        var images = List.of(temp.resolve("imgs/*.tgz").toString());
        var one = temp.resolve("one");
        assertThat(prepare(request("journeydb", annotations, images, one, 3, Part.ALL))).isEqualTo(Map.of("success", 10L));
        assertThat(texts(one)).hasSize(10).containsEntry("000001", Map.of("txt", "prompt 1 --ar 3:2", "gpt_caption.txt", "text 1"))
                .containsEntry("000030", Map.of("txt", "prompt 9 --ar 3:2", "gpt_caption.txt", "text 9"));
        var parts = temp.resolve("parts");
        for (int i = 1; i <= 3; i++) prepare(request("journeydb", annotations, images, parts, 3, new Part(i, 3)));
        assertThat(hashes(parts)).isEqualTo(hashes(one)).containsKeys("rows.parquet", "00003.tar", "README.md");
        assertThat(parts.resolve(".work")).doesNotExist();
    }

    @Test
    void recaptionsComeWithTheirImagesFromTheWebOrFromArchives() throws Exception {
        try (var site = HostileSite.open()) {
            var lines = new StringBuilder();
            var members = new LinkedHashMap<String, byte[]>();
            for (int i = 0; i < 4; i++) {
                var kind = i == 2 ? "missing" : "ok";
                lines.append("""
                        {"caption_llava": "long %d", "caption_llava_short": "short %d", "caption": "alt %d", "url": "%s", "key": "00000000%d", "status": "success"}
                        """.formatted(i, i, i, site.url("/" + kind + "/" + i + ".jpg"), i));
                members.put("00000000" + i + ".jpg", HostileSite.image(i));
                members.put("00000000" + i + ".txt", text("alt " + i));
            }
            var metadata = temp.resolve("train.jsonl.gz");
            try (var to = new GZIPOutputStream(Files.newOutputStream(metadata))) {
                to.write(text(lines.toString()));
            }
            var web = temp.resolve("web");
            assertThat(prepare(request("cc12m", metadata, List.of(), web, 10, Part.ALL)))
                    .isEqualTo(Map.of("success", 3L, "http-status", 1L));
            assertThat(texts(web)).containsEntry("000003",
                    Map.of("txt", "long 3", "caption_llava_short.txt", "short 3", "original_caption.txt", "alt 3"));
            site.asked().clear();
            var archives = temp.resolve("archives");
            var images = List.of(tar(temp.resolve("cc12m-train-0000.tar"), members).toString());
            assertThat(prepare(request("cc12m", metadata, images, archives, 10, Part.ALL))).isEqualTo(Map.of("success", 4L));
            assertThat(site.asked()).isEmpty();
            assertThat(texts(archives)).containsAllEntriesOf(texts(web));
            assertThatThrownBy(() -> prepare(request("cc12m", metadata, List.of(), archives, 10, Part.ALL))).isInstanceOf(UserError.class)
                    .hasMessageContaining("archives");
        }
    }

    @Test
    void whatIsMissingOrDamagedIsNamed() throws IOException {
        var texts = segmentAnything();
        var images = temp.resolve("images");
        var out = temp.resolve("out");
        assertThatThrownBy(() -> Preparation.open(request("sa-1b", texts, List.of(), out, 2, Part.ALL))).isInstanceOf(UserError.class)
                .hasMessageContaining("--images GLOB is needed").hasMessageContaining("licence");
        assertThatThrownBy(() -> Preparation.open(request("coyo", texts, List.of(images.toString()), out, 2, Part.ALL)))
                .isInstanceOf(UserError.class).hasMessageContaining("on the web");
        var other = temp.resolve("other.jsonl");
        Files.writeString(other, "{\"a\": 1}\n");
        assertThatThrownBy(() -> Preparation.open(request("cc12m", other, List.of(), out, 2, Part.ALL))).isInstanceOf(UserError.class)
                .hasMessageContaining("other.jsonl: is not the metadata of CC12M");
        Files.writeString(other, "{\"caption_llava\": \"a\"}\n{\"caption_llava\" \"b\"}\n");
        assertThatThrownBy(() -> Preparation.open(request("cc12m", other, List.of(), out, 2, Part.ALL))).isInstanceOf(UserError.class)
                .hasMessageContaining("other.jsonl").hasMessageContaining("Malformed JSON");
        var copy = Files.createDirectories(temp.resolve("copy")).resolve("sa_000000.tar");
        Files.copy(images.resolve("sa_000000.tar"), copy);
        assertThatThrownBy(() -> Preparation.open(request("sa-1b", texts, List.of(images.toString(), copy.toString()), out, 2, Part.ALL)))
                .isInstanceOf(UserError.class).hasMessageContaining("same name");
        Files.write(copy, Arrays.copyOf(Files.readAllBytes(copy), 3000));
        assertThatThrownBy(() -> Preparation.open(request("sa-1b", texts, List.of(copy.toString()), out, 2, Part.ALL)))
                .isInstanceOf(UserError.class).hasMessageContaining("sa_000000.tar: cannot be read as a whole archive");
        Files.write(texts, Arrays.copyOf(Files.readAllBytes(texts), 100));
        assertThatThrownBy(() -> Preparation.open(request("sa-1b", texts, List.of(images.toString()), out, 2, Part.ALL)))
                .isInstanceOf(UserError.class).hasMessageContaining("SA1B_caption.tar.gz: cannot be read as a whole archive");
        assertThat(out).doesNotExist();
    }
}
